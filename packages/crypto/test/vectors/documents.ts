import type { ErrorCode, Json } from "@lifeboat/contracts";
import { nodePrimitives } from "../../src/lib/node-primitives.ts";
import { documents, flip, named, siteId, toHex, utf8 } from "./fixed.ts";

/** A document and what reading it gives. */
export interface DocumentVector {
  readonly name: string;
  readonly class:
    | "valid"
    | "damaged"
    | "truncated"
    | "altered"
    | "moved"
    | "other-site"
    | "other-encryption"
    | "malformed"
    | "unusual";
  readonly code?: ErrorCode;
  /** Hex, or `null`. */
  readonly macKey: string | null;
  readonly type: string;
  readonly id: string;
  /** The site that is expected. */
  readonly siteId?: string;
  readonly value?: Json;
  /** Hex of the file. */
  readonly bytes: string;
}

const macKey = named("manifest-mac", 32);
const context = { type: "manifest", id: "2026-11-20T02-00-00.123Z-manual-7f3a" };
const value = {
  siteId,
  label: "before upgrade",
  sizes: [1, 2.5, -3e21],
  nothing: null,
  nested: { "ключ 🔑": 'a "quoted"\n\u0001' },
};

/** All vectors of documents. */
export function documentVectors(): DocumentVector[] {
  const whole = documents.encodeDocument(value, { macKey, context });
  const bare = documents.encodeDocument(value, { macKey: null, context });
  const text = new TextDecoder().decode(whole);
  const recheck = (body: string) => withCheck(`${body},\n  "check": "`);
  const upTo = (part: string) => text.slice(0, text.indexOf(part));
  const macked = text.slice(0, text.indexOf(',\n  "check"'));

  return [
    ...make("valid", undefined, { "with a MAC": {}, "with the site that is expected": { siteId } }, whole, value),
    ...make("valid", undefined, { "without a MAC": { macKey: null } }, bare, value),
    ...make("valid", undefined, { "of one member": {} }, documents.encodeDocument({ a: 1 }, { macKey, context }), {
      a: 1,
    }),
    ...each("damaged", whole, {
      "first byte": flip(whole, 0),
      "a letter of a value": flip(whole, text.indexOf("upgrade")),
      "white space": flip(whole, 2),
      "the MAC": flip(whole, text.indexOf('"mac": "') + 8),
      "the MAC's name": flip(whole, text.indexOf('"mac"') + 1),
      "the check": flip(whole, -5),
      "the check in capitals": utf8(
        text.replace(/"check": "[0-9a-f]{64}/, (c) => c.slice(0, 10) + c.slice(10).toUpperCase()),
      ),
      "the check's name": flip(whole, text.indexOf('"check"') + 1),
      "the last brace": flip(whole, -2),
      "the last line feed": flip(whole, -1),
      "bytes after the end": utf8(`${text}\n`),
      "bytes before the beginning": utf8(`\ufeff${text}`),
      "line feeds made carriage returns and line feeds": utf8(text.replaceAll("\n", "\r\n")),
      "something else altogether": utf8("<html>404 not found</html>"),
      "another document after it": utf8(text + text),
    }),
    ...each("truncated", whole, {
      "to nothing": new Uint8Array(0),
      "by one byte": whole.subarray(0, -1),
      "before the check": utf8(upTo(',\n  "check"')),
      "before the MAC": utf8(upTo(',\n  "mac"')),
      "in the middle": whole.subarray(0, 60),
    }),
    ...each("altered", whole, {
      "a value, with a new check": recheck(macked.replace("upgrade", "downgrade")),
      "the MAC removed, with a new check": recheck(upTo(',\n  "mac"')),
      "the MAC of another document": recheck(macked.replace(/[0-9a-f]{64}"$/, `${"0".repeat(64)}"`)),
    }),
    ...each("malformed", whole, {
      "the same name twice": authentic('{\n  "a": 1,\n  "a": 2'),
      "a name that means something else in JavaScript": authentic('{\n  "__proto__": {\n    "a": 1\n  }'),
      "that name deeper": authentic('{\n  "a": [\n    {\n      "__proto__": 1\n    }\n  ]'),
      "no member": authentic("{"),
      "a list": authentic("[\n  1"),
      "not JSON": authentic('{\n  "a": '),
      "not UTF-8": authentic(Uint8Array.of(0x7b, 0x0a, 0x20, 0x20, 0x22, 0x61, 0x22, 0x3a, 0x20, 0x22, 0xff, 0x22)),
      "a second MAC": authentic(`{\n  "mac": "${"0".repeat(64)}"`),
      "nested too deep": authentic(JSON.stringify(nested(70), null, 2).slice(0, -2)),
    }),
    ...each("unusual", whole, {
      "other white space": authentic('{ "a": 1'),
      "a number in another form": authentic('{\n  "a": 1.0'),
    }),
    ...make("moved", "CORRUPT", { "to another id": { id: "2026-11-21T02-00-00.123Z-manual-7f3a" } }, whole),
    ...make("moved", "CORRUPT", { "to another type": { type: "labels" } }, whole),
    ...make("altered", "CORRUPT", { "made without a MAC": {} }, bare),
    ...make("altered", "CORRUPT", { "read with another key": { macKey: named("another", 32) } }, whole),
    ...make("other-site", "INCOMPATIBLE", { "another site's": { siteId: "0".repeat(32) } }, whole),
    ...make("other-encryption", "INCOMPATIBLE", { "read as if not encrypted": { macKey: null } }, whole),
  ];
}

interface Reading {
  readonly macKey?: Uint8Array | null;
  readonly type?: string;
  readonly id?: string;
  readonly siteId?: string;
}

function make(
  failure: DocumentVector["class"],
  code: ErrorCode | undefined,
  readings: Record<string, Reading>,
  bytes: Uint8Array,
  read?: Json,
): DocumentVector[] {
  return Object.entries(readings).map(([name, reading]) => ({
    name: `${failure}: ${name}`,
    class: failure,
    ...(code === undefined ? {} : { code }),
    ...context,
    ...reading,
    macKey: reading.macKey === null ? null : toHex(reading.macKey ?? macKey),
    ...(read === undefined ? {} : { value: read }),
    bytes: toHex(bytes),
  }));
}

function each(
  failure: DocumentVector["class"],
  _whole: Uint8Array,
  files: Record<string, Uint8Array>,
): DocumentVector[] {
  return Object.entries(files).flatMap(([name, bytes]) => make(failure, "CORRUPT", { [name]: {} }, bytes));
}

/** A document that only the holder of the key can have made, however odd its body is. */
function authentic(body: string | Uint8Array): Uint8Array {
  const start = typeof body === "string" ? utf8(body) : body;
  const macked = Uint8Array.from([...start, ...utf8(',\n  "mac": "')]);
  const [type, id] = [utf8(context.type), utf8(context.id)];
  const lengths = [Uint8Array.of(0, 0, 0, type.length), Uint8Array.of(0, 0, 0, id.length)] as const;
  const mac = nodePrimitives.hmacSha256(macKey, lengths[0], type, lengths[1], id, macked);
  return withCheck(Uint8Array.from([...macked, ...utf8(`${toHex(mac)}",\n  "check": "`)]));
}

function withCheck(checked: string | Uint8Array): Uint8Array {
  const bytes = typeof checked === "string" ? utf8(checked) : checked;
  return Uint8Array.from([...bytes, ...utf8(`${toHex(nodePrimitives.sha256(bytes))}"\n}\n`)]);
}

function nested(depth: number): Json {
  return depth === 0 ? 1 : { a: nested(depth - 1) };
}
