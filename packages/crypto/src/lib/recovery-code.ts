import { concat, utf8 } from "./bytes.ts";
import { invalid } from "./errors.ts";
import type { Primitives } from "./primitives.ts";
import type { KeyTools } from "./slots.ts";

/** Crockford's base 32: no I, L, O, U. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SECRET_BYTES = 20;
const CODE_LENGTH = 36;
const GROUP = 4;
const LABEL = utf8("lifeboat/1 recovery code");

/** Writes 20 bytes as a recovery code (docs/spec/site.md, "Recovery codes"). */
export function formatRecoveryCode(p: Primitives, secret: Uint8Array): string {
  const bits = concat(secret, sumOf(p, secret));
  let code = "";
  for (let i = 0; i < CODE_LENGTH; i++) code += ALPHABET[fiveBits(bits, 5 * i)];
  return code.replace(/.{4}(?=.)/g, "$&-");
}

/** Docs: `Keys.generateRecoveryCode`. */
export function generateRecoveryCode({ primitives, random }: Pick<KeyTools, "primitives" | "random">): string {
  return formatRecoveryCode(primitives, random(SECRET_BYTES));
}

/**
 * The 20 bytes of a code as somebody typed it.
 *
 * @throws INVALID where it was mistyped; the message tells the kind of mistake, not the code
 */
export function parseRecoveryCode(p: Primitives, typed: string): Uint8Array {
  const code = typed
    .toUpperCase()
    .replace(/[\s\p{Pd}\u2212]/gu, "")
    .replace(/O/g, "0")
    .replace(/[IL]/g, "1");
  if (code.length !== CODE_LENGTH) throw mistyped(`it has ${code.length} characters instead of ${CODE_LENGTH}`);
  const out = new Uint8Array(Math.ceil((CODE_LENGTH * 5) / 8));
  for (let i = 0; i < CODE_LENGTH; i++) {
    const value = ALPHABET.indexOf(code.charAt(i));
    if (value < 0) {
      throw mistyped(`character ${(i % GROUP) + 1} of group ${Math.floor(i / GROUP) + 1} does not occur in codes`);
    }
    for (let b = 0; b < 5; b++) setBit(out, 5 * i + b, (value >> (4 - b)) & 1);
  }
  const secret = out.slice(0, SECRET_BYTES);
  const [a = 0, b = 0, c = 0] = sumOf(p, secret);
  if (out[20] !== a || out[21] !== b || ((out[22] ?? 0) & 0xf0) !== (c & 0xf0)) {
    throw mistyped("its checksum does not fit, so at least one character is wrong or two are swapped");
  }
  return secret;
}

function sumOf(p: Primitives, secret: Uint8Array): Uint8Array {
  return p.sha256(LABEL, secret).subarray(0, 3);
}

function fiveBits(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let b = at; b < at + 5; b++) value = (value << 1) | (((bytes[b >> 3] ?? 0) >> (7 - (b & 7))) & 1);
  return value;
}

function setBit(bytes: Uint8Array, at: number, bit: number): void {
  bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (bit << (7 - (at & 7)));
}

function mistyped(why: string) {
  return invalid(
    "keys.recoveryCode",
    `The recovery code was mistyped: ${why}.`,
    "Compare it with the printed one and type it again.",
  );
}
