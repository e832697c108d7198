import type { ErrorCode, Json } from "@lifeboat/contracts";
import { passphrase, unencrypted } from "../../src/lib/key-options.ts";
import { nodePrimitives } from "../../src/lib/node-primitives.ts";
import { cheap, documents, fixedKeys, flip, siteKey, toHex, utf8 } from "./fixed.ts";

/** A `lifeboat.json` and what somebody opens it with; `null` is `unencrypted()`. */
export interface SiteVector {
  readonly name: string;
  readonly class: "valid" | "wrong-key" | "damaged" | "altered" | "malformed" | "unsupported" | "other-encryption";
  readonly code?: ErrorCode;
  readonly passphrase: string | null;
  /** Hex, where it opens and is encrypted. */
  readonly siteKey?: string;
  /** The text of the file. */
  readonly file: string;
}

type Members = { [member: string]: Json };

/** All vectors of site descriptors. */
export async function siteVectors(): Promise<SiteVector[]> {
  const keys = fixedKeys("site");
  const made = await keys.createDescriptor({
    format: "archive",
    formatVersion: 1,
    key: passphrase("open sesame", cheap),
  });
  const open = await fixedKeys("open site").createDescriptor({ format: "dedup", formatVersion: 2, key: unencrypted() });
  const key = made.siteKey ?? siteKey;
  const macKey = keys.deriveSubkey(key, "manifest-mac");
  const text = textOf(made.bytes);
  const openText = textOf(open.bytes);
  const { siteId } = made.descriptor;

  /** The file with other members, MAC and check made anew by the holder of the key, or check only by anyone. */
  function changed(change: (members: Members) => void, by: "owner" | "anyone" | "open"): string {
    const { mac, check: _, ...members } = JSON.parse(by === "open" ? openText : text);
    change(members);
    if (by === "anyone") {
      const bare = textOf(documents.encodeDocument(members, { macKey: null, context: { type: "site", id: siteId } }));
      return textOf(reChecked(bare, mac));
    }
    const context = { type: "site", id: String(members.siteId) };
    return textOf(documents.encodeDocument(members, { macKey: by === "owner" ? macKey : null, context }));
  }

  const sesame = "open sesame";
  const cases: [SiteVector["class"], ErrorCode | undefined, Record<string, [string, string | null]>][] = [
    [
      "valid",
      undefined,
      {
        "with its passphrase": [text, sesame],
        "without encryption": [openText, null],
        "with a member that is new": [changed((m) => (m.motto = "?"), "owner"), sesame],
      },
    ],
    ["wrong-key", "WRONG_KEY", { "another passphrase": [text, "close sesame"] }],
    [
      "damaged",
      "CORRUPT",
      {
        "a slot": [textOf(flip(made.bytes, text.indexOf('"wrapped"') + 14)), sesame],
        "a slot, and another passphrase": [textOf(flip(made.bytes, text.indexOf('"wrapped"') + 14)), "close sesame"],
        "the format": [text.replace("archive", "archivf"), sesame],
        "cut off": [text.slice(0, -1), sesame],
        "without encryption, a byte": [openText.replace("dedup", "dedux"), null],
      },
    ],
    [
      "altered",
      "CORRUPT",
      {
        "the format, by someone without the key": [changed((m) => (m.format = "mirror"), "anyone"), sesame],
        "the suite, by someone without the key": [changed((m) => (m.suite = 2), "anyone"), sesame],
        "a slot added by someone without the key": [
          changed((m) => (m.slots as Json[]).push({ id: "x", kind: "new" }), "anyone"),
          sesame,
        ],
        "no MAC": [
          textOf(documents.encodeDocument(stripped(text), { macKey: null, context: { type: "site", id: siteId } })),
          sesame,
        ],
      },
    ],
    [
      "other-encryption",
      "INCOMPATIBLE",
      {
        "encrypted, but opened without a key": [text, null],
        "not encrypted, but opened with a key": [openText, sesame],
      },
    ],
    [
      "unsupported",
      "UNSUPPORTED",
      {
        "version 2": [changed((m) => (m.version = 2), "owner"), sesame],
        "suite 3": [changed((m) => (m.suite = 3), "owner"), sesame],
        "another format": [changed((m) => (m.format = "tape"), "owner"), sesame],
      },
    ],
    [
      "malformed",
      "CORRUPT",
      {
        "another type of document": [changed((m) => (m.type = "shopping list"), "owner"), sesame],
        "no version": [changed((m) => delete m.version, "owner"), sesame],
        "a version that is a text": [changed((m) => (m.version = "1"), "owner"), sesame],
        "a short site id": [changed((m) => (m.siteId = "abc"), "owner"), sesame],
        "no format": [changed((m) => delete m.format, "owner"), sesame],
        "format version 0": [changed((m) => (m.formatVersion = 0), "owner"), sesame],
        "no suite": [changed((m) => delete m.suite, "owner"), sesame],
        "no slots": [changed((m) => delete m.slots, "owner"), sesame],
        "an empty list of slots": [changed((m) => (m.slots = []), "owner"), sesame],
        "slots, but no suite": [changed((m) => (m.suite = null), "owner"), sesame],
        "without encryption, but with a suite": [changed((m) => (m.suite = 1), "open"), null],
        "no creation time": [changed((m) => delete m.created, "owner"), sesame],
      },
    ],
  ];
  return cases.flatMap(([failure, code, files]) =>
    Object.entries(files).map(([name, [file, secret]]) => ({
      name: `${failure}: ${name}`,
      class: failure,
      ...(code === undefined ? {} : { code }),
      passphrase: secret,
      ...(code === undefined && secret !== null ? { siteKey: toHex(key) } : {}),
      file,
    })),
  );
}

function stripped(text: string): Members {
  const { mac: _, check: __, ...members } = JSON.parse(text);
  return members;
}

/** A document without a MAC gets an old one, and a check that fits. */
function reChecked(bare: string, mac: string): Uint8Array {
  const { check: _, ...members } = JSON.parse(bare);
  const body = JSON.stringify({ ...members, mac }, null, 2).slice(0, -2);
  const checked = utf8(`${body},\n  "check": "`);
  return utf8(`${textOf(checked)}${toHex(nodePrimitives.sha256(checked))}"\n}\n`);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
