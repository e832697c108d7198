import { createHash } from "node:crypto";
import { deriveSubkey, openSealed, SealedKind, type SealedTable, type TableRow } from "@lifeboat/crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunkIds } from "../src/lib/id.ts";
import { decodePackTable } from "../src/lib/pack/layout.ts";
import { packTarget } from "../src/lib/pack/limits.ts";
import { PackBuilder } from "../src/lib/pack/pack-builder.ts";
import { newPackId, packIdOf, packKey } from "../src/lib/pack/pack-name.ts";
import { hex, KEY } from "./support.ts";

const id = chunkIds(deriveSubkey(KEY.siteKey, "chunk-id"));
const CHUNKS = ["Women and children first.", "lifeboat"].map((text) => Buffer.from(text));

function examplePack() {
  const builder = new PackBuilder(KEY, "data");
  const bytes = Buffer.concat(CHUNKS);
  const ids = Buffer.concat(CHUNKS.map((chunk) => id(chunk)));
  const pieces = builder.add({ codec: "stored", bytes, lengths: CHUNKS.map((chunk) => chunk.length), ids });
  const end = builder.end();
  return { ids, object: Buffer.concat([...pieces, ...end.pieces]), pack: end.pack };
}

async function tableOf(object: Uint8Array): Promise<SealedTable> {
  const reader = {
    size: object.length,
    read: async (span: { start: number; end: number }) => object.subarray(span.start, span.end),
  };
  const opened = await openSealed(reader, KEY.siteKey, { kind: SealedKind.pack });
  return opened.table;
}

test("ids are those of the specification", () => {
  expect(hex(deriveSubkey(KEY.siteKey, "chunk-id"))).toBe(
    "90d937ea2d49d05fc6a54b16b1208eaa01e9c466ef5e0b816bbf171d0b656424",
  );
  expect(CHUNKS.map((chunk) => hex(id(chunk)))).toEqual([
    "279119b342f79a9b9a48c3d72f9fe65fe25e6b18fd79bf43fde100266655e17b",
    "bccd9b20b5ed9cc858d7a18e93f61a770224f6745f1d04e60c7876e75f622506",
  ]);
});

test("a pack is laid out as the specification's example", async () => {
  const { object, pack, ids } = examplePack();
  expect(object).toHaveLength(282);
  expect(pack.size).toBe(282);
  expect(hex(pack.sha256)).toBe(createHash("sha256").update(object).digest("hex"));
  const table = await tableOf(object);
  expect(table.rows).toEqual([{ length: 33, unpackedLength: 33, tag: 0 }]);
  expect(hex(table.extra)).toBe(`01000000000000020000001900000008${hex(ids)}`);
  expect(decodePackTable(table, "packs/x")).toEqual(pack.directory);
});

const EXTRA = Buffer.from("01000000000000020000001900000008", "hex");
const ROW: Required<TableRow> = { length: 33, unpackedLength: 33, tag: 0 };
const set = (at: number, value: number) => {
  const extra = Buffer.concat([EXTRA, new Uint8Array(64)]);
  extra[at] = value;
  return extra;
};
const NEGATIVE: Readonly<Record<string, { rows?: Required<TableRow>[]; extra?: Uint8Array; code?: string }>> = {
  "no frame": { rows: [], extra: Buffer.from("01000000", "hex") },
  "more frames than a pack has": { rows: Array<Required<TableRow>>(4097).fill(ROW) },
  "a newer version": { extra: set(0, 2), code: "UNSUPPORTED" },
  "version 0": { extra: set(0, 0) },
  "content of an unknown kind": { extra: set(1, 2) },
  "reserved bytes in use": { extra: set(3, 1) },
  "a frame without chunks": { extra: set(7, 0) },
  "more chunks than a frame has": { extra: set(6, 0x11) },
  "a chunk more than there are lengths": { extra: set(7, 3) },
  "a chunk of no bytes": { extra: set(11, 0) },
  "a chunk of more than 16 MiB": { extra: set(8, 2) },
  "lengths that do not sum up": { extra: set(15, 9) },
  "an unknown codec": { rows: [{ ...ROW, tag: 3 }] },
  "a stored frame that changes its length": { rows: [{ ...ROW, length: 34 }] },
  "a frame that expands to more than 16 MiB": { rows: [{ ...ROW, unpackedLength: 16_777_217 }] },
  "a frame that expands to nothing": { rows: [{ ...ROW, unpackedLength: 0 }] },
  "an id too many": { extra: Buffer.concat([set(7, 2), new Uint8Array(32)]) },
  "half an id": { extra: set(7, 2).subarray(0, -16) },
  "nothing at all": { extra: new Uint8Array(0) },
};

describe("a pack's table is refused with", () => {
  for (const [what, { rows = [ROW], extra = set(7, 2), code = "CORRUPT" }] of Object.entries(NEGATIVE)) {
    test(what, () => {
      expect(() => decodePackTable({ rows, extra }, "packs/x")).toThrow(expect.objectContaining({ code }));
    });
  }

  test("any end cut off", () => {
    const extra = set(7, 2);
    expect(decodePackTable({ rows: [ROW], extra }, "packs/x").lengths).toHaveLength(2);
    for (let length = 0; length < extra.length; length++) {
      expect(() => decodePackTable({ rows: [ROW], extra: extra.subarray(0, length) }, "packs/x")).toThrow(
        expect.objectContaining({ code: "CORRUPT" }),
      );
    }
  });
});

test("any bytes are a pack's table or refused, never a crash", () => {
  const row = fc.record({ length: fc.nat(100), unpackedLength: fc.nat(100), tag: fc.nat(3) });
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 3 }),
      fc.uint8Array({ maxLength: 200 }),
      fc.boolean(),
      (rows, noise, versioned) => {
        const extra = versioned ? Buffer.concat([Buffer.from("01000000", "hex"), noise]) : noise;
        try {
          decodePackTable({ rows, extra }, "packs/x");
        } catch (error) {
          expect(["CORRUPT", "UNSUPPORTED"]).toContain((error as { code?: string }).code);
        }
      },
    ),
  );
});

test("packs have keys that tell their ids, and no other key does", () => {
  const pack = newPackId();
  expect(packIdOf(packKey(pack))).toBe(pack);
  for (const key of [`packs/${pack}`, `packs/zz/${pack}`, `packs/00/11${pack.slice(2)}`, `${packKey(pack)}.part`]) {
    expect(packIdOf(key)).toBeNull();
  }
});

test("packs grow with the site", () => {
  const MIB = 1 << 20;
  expect([0, 2 ** 36 - 1, 2 ** 36, 2 ** 39].map(packTarget)).toEqual([16 * MIB, 16 * MIB, 32 * MIB, 64 * MIB]);
});
