import type { CipherSuite } from "@lifeboat/contracts";

/** Bytes added to a plaintext by either suite. */
export const TAG_BYTES = 16;

/** What sealing is made of. There are two implementations, and both give the same bytes. */
export interface Primitives {
  /** SHA-256 (FIPS 180-4) of the parts, one after the other. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  /** HMAC-SHA-256 (RFC 2104) of the parts, one after the other. */
  hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
  /** Writes ciphertext and tag into `out` from `at` on. */
  seal(cipher: Cipher, plaintext: Uint8Array, out: Uint8Array, at: number): void;
  /** Writes the plaintext of ciphertext and tag into `out`; `false` where they do not open: `out` then holds nothing of use. */
  open(cipher: Cipher, sealed: Uint8Array, out: Uint8Array): boolean;
}

/** One use of an AEAD: AES-256-GCM (suite 1) or ChaCha20-Poly1305 (suite 2). */
export interface Cipher {
  readonly suite: CipherSuite;
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  /** Associated data. */
  readonly aad: Uint8Array;
}
