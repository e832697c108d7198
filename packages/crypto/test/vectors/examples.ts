import { argon2Wasm } from "../../src/lib/argon2-wasm.ts";
import { createDocuments } from "../../src/lib/document.ts";
import { hkdf, subkey } from "../../src/lib/hkdf.ts";
import { encodeKeyBlock } from "../../src/lib/key-block.ts";
import { passphrase, recoveryCode } from "../../src/lib/key-options.ts";
import { createKeys } from "../../src/lib/keys.ts";
import { nodePrimitives as p } from "../../src/lib/node-primitives.ts";
import { formatRecoveryCode } from "../../src/lib/recovery-code.ts";
import { createSealing } from "../../src/lib/sealing.ts";
import { encodeTable } from "../../src/lib/table.ts";
import { sealTrailer } from "../../src/lib/trailer.ts";
import { concat, fromHex, toHex, utf8 } from "./fixed.ts";

const MARK = /(<!-- example:[^\n]*-->\n).*$/s;

/** A specification's page with its worked example, which stands at its end, made anew. */
export async function withExample(page: "sealed-object.md" | "site.md", text: string): Promise<string> {
  if (!MARK.test(text)) throw new Error(`${page} has no mark for its example`);
  const example = page === "site.md" ? await siteExample() : sealedExample();
  return text.replace(MARK, (_, mark: string) => `${mark}\n${example}`);
}

const siteKey = counting(0x00, 32);

function sealedExample(): string {
  const salt = counting(0xa0, 32);
  const [one, two] = [utf8("Women and children "), utf8("first.")];
  const objects = ([1, 2] as const).map((suite) => {
    const sealing = createSealing(p, () => salt);
    const { header, state } = sealing.beginSeal({ kind: 2, suite, siteKey, keyBlock: new Uint8Array(0) });
    const data = [one, two].map((plaintext, i) => sealing.sealSegment(state, i, false, plaintext));
    const table = encodeTable([one, two].map(({ length }) => ({ length, unpackedLength: length })));
    const last = sealing.sealSegment(state, 2, true, table);
    const offset = concat(header, ...data).length;
    return { header, state, data, table, last, offset, trailer: sealTrailer(offset, 2) };
  });
  const [gcm, chacha] = objects;
  if (gcm === undefined || chacha === undefined) throw new Error("expected two objects");
  const { header, state, data, table, last, offset, trailer } = gcm;
  return [
    'A pack (kind 2) under suite 1 without a key block, with the content "Women and children first." in two segments.',
    "",
    "```",
    row("K", siteKey),
    row("salt", salt),
    "",
    row("fixed", header.subarray(0, 16)),
    row("commitment", header.subarray(48, 80)),
    row("D", p.sha256(header.subarray(0, 80))),
    row("check", header.subarray(80)),
    row("sealKey", state.key),
    "",
    row("nonce(0,0)", new Uint8Array(12)),
    row("segment(0)", data[0] ?? header),
    row("nonce(1,0)", fromHex("000000000000000000000100")),
    row("segment(1)", data[1] ?? header),
    row("table", table),
    row("nonce(2,1)", fromHex("000000000000000000000201")),
    row("segment(2)", last),
    `trailer    offset ${offset}, n = 2`,
    row("", trailer),
    "```",
    "",
    "The whole object:",
    "",
    "```",
    dump(concat(header, ...data, last, trailer)),
    "```",
    "",
    "The same under suite 2:",
    "",
    "```",
    dump(concat(chacha.header, ...chacha.data, chacha.last, chacha.trailer)),
    "```",
    "",
  ].join("\n");
}

async function siteExample(): Promise<string> {
  const siteId = toHex(counting(0x50, 16));
  const now = () => new Date("2026-11-20T02:00:00.000Z");
  const secret = counting(0x30, 20);
  const code = formatRecoveryCode(p, secret);
  const maker = (first: number) => {
    let next = first;
    const random = (length: number) => {
      next += 0x10;
      return counting(next, length);
    };
    return createKeys({ primitives: p, argon2id: argon2Wasm, random, now });
  };
  const option = passphrase("correct horse battery staple", { memoryKiB: 1024, passes: 2 });
  const pass = await maker(0x70).createSlot(siteKey, siteId, option, { label: "Anna's" });
  const printed = await maker(0xb0).createSlot(siteKey, siteId, recoveryCode(code));
  if (pass.kind !== "passphrase" || printed.kind === "passphrase") throw new Error("expected one slot of each kind");
  const argon2 = { ...pass.kdf, password: utf8("correct horse battery staple"), salt: fromHex(pass.kdf.salt) };
  const macKey = subkey(p, siteKey, "manifest-mac");
  const members = { version: 1, siteId, created: pass.created, format: "archive", formatVersion: 1, suite: 1 };
  const slots = JSON.parse(new TextDecoder().decode(encodeKeyBlock({ siteId, slots: [pass, printed] }))).slots;
  const file = createDocuments(p).encodeDocument(
    { type: "lifeboat site", ...members, slots },
    { macKey, context: { type: "site", id: siteId } },
  );
  return [
    "A site with two slots. The passphrase is `correct horse battery staple`, with parameters cheaper than any real ones.",
    "",
    "```",
    row("K", siteKey),
    row("KEK", await argon2Wasm(argon2), "  by Argon2id"),
    "aad        (seven lines joined by line feeds)",
    `lifeboat/1 slot\n${siteId}\n${pass.id}\npassphrase\n${pass.created}`,
    `argon2id m=1024 t=2 p=1 ${pass.kdf.salt}\nAnna's`,
    row("wrapped", fromHex(pass.wrapped)),
    "```",
    "",
    "The recovery code's aad has an empty last line, because the slot has no label.",
    "",
    "```",
    row("secret", secret),
    `code       ${code}`,
    row("KEK", hkdf(p, secret, fromHex(printed.kdf.salt), utf8("lifeboat/1 slot recovery")), "  by HKDF"),
    "aad",
    `lifeboat/1 slot\n${siteId}\n${printed.id}\nrecovery\n${printed.created}\nhkdf-sha256 ${printed.kdf.salt}\n`,
    row("wrapped", fromHex(printed.wrapped)),
    "```",
    "",
    "`lifeboat.json`, whose MAC is made with",
    "",
    "```",
    row("macKey", macKey),
    "```",
    "",
    "```json",
    `${new TextDecoder().decode(file)}\`\`\``,
    "",
    "Other subkeys of this site key:",
    "",
    "```",
    row("chunk-id", subkey(p, siteKey, "chunk-id")),
    row("names", subkey(p, siteKey, "names")),
    "```",
    "",
  ].join("\n");
}

function counting(first: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (first + i) & 0xff);
}

/** A name and its bytes in hex, 32 a line. */
function row(name: string, bytes: Uint8Array, note = ""): string {
  const hex = toHex(bytes).match(/.{1,64}/g) ?? [""];
  return hex.map((line, i) => `${(i === 0 ? name : "").padEnd(11)}${line}`).join("\n") + note;
}

/** Offsets and bytes, 32 a line. */
function dump(bytes: Uint8Array): string {
  const hex = toHex(bytes).match(/.{1,64}/g) ?? [""];
  return hex.map((line, i) => `${String(32 * i).padStart(4)}  ${line}`).join("\n");
}
