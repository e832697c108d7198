import { nodePrimitives } from "../../src/lib/node-primitives.ts";
import { formatRecoveryCode } from "../../src/lib/recovery-code.ts";
import { named, toHex } from "./fixed.ts";

/** A recovery code as typed. Without a secret it was mistyped: INVALID. */
export interface CodeVector {
  readonly name: string;
  readonly typed: string;
  /** Hex of 20 bytes. */
  readonly secret?: string;
}

/** All vectors of recovery codes. */
export function codeVectors(): CodeVector[] {
  const secret = named("code", 20);
  const code = formatRecoveryCode(nodePrimitives, secret);
  const zeros = formatRecoveryCode(nodePrimitives, new Uint8Array(20));
  const ones = formatRecoveryCode(nodePrimitives, new Uint8Array(20).fill(0xff));
  const good = { secret: toHex(secret) };
  const substitute = (at: number) => code.slice(0, at) + (code[at] === "Z" ? "Y" : "Z") + code.slice(at + 1);
  const positions = Array.from(code, (c, at) => (c === "-" ? [] : [at])).flat();
  return [
    { name: "as printed", typed: code, ...good },
    { name: "in small letters", typed: code.toLowerCase(), ...good },
    { name: "without hyphens", typed: code.replaceAll("-", ""), ...good },
    { name: "with spaces, a tab and a line feed", typed: ` ${code.replaceAll("-", " \t")}\n`, ...good },
    { name: "with long dashes", typed: code.replaceAll("-", "\u2013"), ...good },
    { name: "all bits zero, typed with the letter O", typed: zeros.replaceAll("0", "O"), secret: "00".repeat(20) },
    { name: "all bits one", typed: ones, secret: "ff".repeat(20) },
    { name: "ones typed as I", typed: code.replaceAll("1", "I"), ...good },
    { name: "ones typed as l", typed: code.replaceAll("1", "l"), ...good },
    { name: "nothing", typed: " - " },
    { name: "one character short", typed: code.slice(0, -1) },
    { name: "one character too many", typed: `${code}0` },
    { name: "one group missing", typed: code.slice(5) },
    { name: "a letter that does not occur", typed: code.replace(/^./, "U") },
    { name: "a character that is no letter", typed: code.replace(/^./, "!") },
    { name: "two neighbours swapped", typed: swapped(code) },
    { name: "two groups swapped", typed: `${code.slice(5, 10)}${code.slice(0, 5)}${code.slice(10)}` },
    ...positions.map((at) => ({ name: `character ${at} wrong`, typed: substitute(at) })),
  ];
}

function swapped(code: string): string {
  for (let i = 0; i < 3; i++) {
    const [a = "", b = ""] = code.slice(i, i + 2);
    if (a !== b) return code.slice(0, i) + b + a + code.slice(i + 2);
  }
  throw new Error("expected two different neighbours");
}
