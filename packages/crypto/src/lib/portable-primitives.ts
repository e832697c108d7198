import { gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Cipher, type Primitives, TAG_BYTES } from "./primitives.ts";

/** Pure JavaScript, for where there is no `node:crypto`. About fifty times slower. */
export const portablePrimitives: Primitives = {
  sha256(...parts) {
    const hash = sha256.create();
    for (const part of parts) hash.update(part);
    return hash.digest();
  },
  hmacSha256(key, ...parts) {
    const mac = hmac.create(sha256, key);
    for (const part of parts) mac.update(part);
    return mac.digest();
  },
  seal(cipher, plaintext, out, at) {
    out.set(aead(cipher).encrypt(plaintext), at);
  },
  open(cipher, sealed, out) {
    if (sealed.length < TAG_BYTES) return false;
    try {
      out.set(aead(cipher).decrypt(sealed));
      return true;
    } catch {
      return false; // lengths are right, so it throws for one reason only: the tag does not fit
    }
  },
};

function aead({ suite, key, nonce, aad }: Cipher) {
  return suite === 1 ? gcm(key, nonce, aad) : chacha20poly1305(key, nonce, aad);
}
