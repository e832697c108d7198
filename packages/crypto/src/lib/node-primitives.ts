import { createCipheriv, createDecipheriv, createHash, createHmac } from "node:crypto";
import type { CipherSuite } from "@lifeboat/contracts";
import { releaseBytes } from "@lifeboat/threads";
import { type Primitives, TAG_BYTES } from "./primitives.ts";

/** Ciphertext is copied into its place in pieces that are still in the processor's cache. */
const PIECE = 256 * 1024;

/** OpenSSL, by way of `node:crypto`. */
export const nodePrimitives: Primitives = {
  sha256(...parts) {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    return plain(hash.digest());
  },
  hmacSha256(key, ...parts) {
    const hmac = createHmac("sha256", key);
    for (const part of parts) hmac.update(part);
    return plain(hmac.digest());
  },
  seal({ suite, key, nonce, aad }, plaintext, out, at) {
    const cipher = createCipheriv(algorithm(suite), key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(aad, { plaintextLength: plaintext.length });
    for (let start = 0; start < plaintext.length; start += PIECE) {
      const piece = cipher.update(plaintext.subarray(start, start + PIECE));
      out.set(piece, at + start);
      releaseBytes(piece);
    }
    cipher.final();
    out.set(cipher.getAuthTag(), at + plaintext.length);
  },
  open({ suite, key, nonce, aad }, sealed, out) {
    const length = sealed.length - TAG_BYTES;
    if (length < 0) return false;
    const decipher = createDecipheriv(algorithm(suite), key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(aad, { plaintextLength: length });
    decipher.setAuthTag(sealed.subarray(length));
    for (let start = 0; start < length; start += PIECE) {
      const piece = decipher.update(sealed.subarray(start, Math.min(start + PIECE, length)));
      out.set(piece, start);
      releaseBytes(piece);
    }
    try {
      decipher.final();
    } catch {
      return false; // it throws for one reason only: the tag does not fit
    }
    return true;
  },
};

// The types of Node 20 know GCM by one name and ChaCha20-Poly1305 by another; both take the same calls.
function algorithm(suite: CipherSuite): "aes-256-gcm" {
  return (suite === 1 ? "aes-256-gcm" : "chacha20-poly1305") as "aes-256-gcm";
}

function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
