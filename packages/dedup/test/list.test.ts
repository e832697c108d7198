import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteWriter, writeHead } from "../src/lib/bytes.ts";
import { gearTable } from "../src/lib/chunk/gear-table.ts";
import { createBlockCut } from "../src/lib/list/block-cut.ts";
import { decodeBlock } from "../src/lib/list/decode-block.ts";
import { BlockEncoder } from "../src/lib/list/encode-block.ts";
import { EMPTY_BODY } from "../src/lib/list/refs.ts";
import type { ListRow } from "../src/lib/list/row.ts";
import { chunkTableSeed } from "../src/lib/site-key.ts";
import { KEY, listRow } from "./support.ts";

function encode(rows: readonly ListRow[]): Uint8Array {
  const encoder = new BlockEncoder();
  for (const row of rows) encoder.add(row);
  return encoder.take();
}

const plain = (rows: readonly ListRow[]) =>
  rows.map((row) => ({
    ...row,
    body: { depth: row.body.depth, lengths: Array.from(row.body.refs.lengths), ids: [...row.body.refs.ids] },
  }));

test("the rows of a block come back as they were", () => {
  fc.assert(
    fc.property(fc.array(listRow, { minLength: 1, maxLength: 20 }), (rows) => {
      expect(plain(decodeBlock(encode(rows)))).toEqual(plain(rows));
    }),
  );
});

test("an encoder is empty again once its block is taken", () => {
  fc.assert(
    fc.property(fc.array(listRow, { minLength: 1, maxLength: 5 }), (rows) => {
      const encoder = new BlockEncoder();
      for (const row of rows) encoder.add(row);
      const first = encoder.take();
      for (const row of rows) encoder.add(row);
      expect(Buffer.compare(encoder.take(), first)).toBe(0);
    }),
    { numRuns: 20 },
  );
});

const FILE: ListRow = {
  path: "a/b",
  type: "file",
  size: 300,
  mode: 0o644,
  mtimeMs: 1.5,
  ctimeMs: Number.NaN,
  inode: 0,
  uid: undefined,
  gid: undefined,
  user: undefined,
  group: "g",
  section: undefined,
  target: undefined,
  body: { depth: 0, refs: { count: 1, lengths: [300], ids: new Uint8Array(32).fill(7) } },
};
const DIRECTORY: ListRow = { ...FILE, path: "a", type: "directory", size: 0, body: EMPTY_BODY };
const LINK: ListRow = { ...DIRECTORY, path: "l", type: "symlink", target: "../x" };

/** The columns of a block, to be tampered with. */
function columnsOf(block: Uint8Array): Uint8Array[] {
  const view = new DataView(block.buffer, block.byteOffset);
  const columns: Uint8Array[] = [];
  for (let at = 8; at < block.length; ) {
    const length = view.getUint32(at);
    columns.push(block.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return columns;
}

function blockOf(rows: number, columns: readonly Uint8Array[]): Uint8Array {
  const out = new ByteWriter();
  writeHead(out);
  out.u32(rows);
  for (const column of columns) {
    out.u32(column.length);
    out.put(column);
  }
  return out.content.slice();
}

const [TYPE, PATH, SIZE, MODE, MTIME, , , UID, , , GROUP, , TEXTS, TARGET, BODY, LENGTHS, REFS] = Array.from(
  { length: 17 },
  (_, n) => n,
) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];
const bytes = (...values: number[]) => Uint8Array.from(values);
const text = (value: string) => bytes(0, value.length, ...Buffer.from(value));
const double = (value: number) => new Uint8Array(Float64Array.of(value).buffer).reverse();

/** One row with one column replaced; all else stays sound. */
const NEGATIVE: Readonly<Record<string, [row: ListRow, column: number, value: Uint8Array]>> = {
  "an unknown type": [DIRECTORY, TYPE, bytes(4)],
  "a type too many": [DIRECTORY, TYPE, bytes(1, 1)],
  "an absolute path": [DIRECTORY, PATH, text("/a")],
  "an empty path": [DIRECTORY, PATH, text("")],
  "a path that leaves the source": [DIRECTORY, PATH, text("a/../b")],
  "a path with a NUL": [DIRECTORY, PATH, text("a\0")],
  "a path that shares what is not there": [DIRECTORY, PATH, bytes(1, 1, 97)],
  "a path that ends too late": [DIRECTORY, PATH, bytes(0, 2, 97)],
  "a path too long for a block": [DIRECTORY, PATH, bytes(0, 255, 255, 255, 127, 97)],
  "a directory with content": [DIRECTORY, SIZE, bytes(1)],
  "a size of more than 8 bytes": [FILE, SIZE, bytes(128, 128, 128, 128, 128, 128, 128, 128, 1)],
  "a size over 2^53": [FILE, SIZE, bytes(255, 255, 255, 255, 255, 255, 255, 127)],
  "a size that its references do not have": [FILE, SIZE, bytes(1)],
  "a mode over 7777": [FILE, MODE, bytes(128, 32)],
  "a time that is none": [FILE, MTIME, double(Number.NaN)],
  "a time that never comes": [FILE, MTIME, double(Number.POSITIVE_INFINITY)],
  "half a time": [FILE, MTIME, bytes(0, 0, 0, 0)],
  "an owner too many": [FILE, UID, bytes(0, 0)],
  "a text that is not there": [FILE, GROUP, bytes(2)],
  "a text that is cut off": [FILE, TEXTS, bytes(9, 103)],
  "a file with a target": [FILE, TARGET, bytes(1, 97)],
  "a link without a target": [LINK, TARGET, bytes()],
  "a hard link out of the source": [{ ...LINK, type: "hardlink", target: "x" }, TARGET, bytes(4, 46, 46, 47, 120)],
  "a directory with a body": [DIRECTORY, BODY, bytes(0, 0)],
  "more references than a row has": [FILE, BODY, bytes(0, 65)],
  "a body without references": [FILE, BODY, bytes(0, 0)],
  "a depth over 4": [FILE, BODY, bytes(5, 1)],
  "a reference to nothing": [FILE, LENGTHS, bytes(0, 0, 0, 0, 0, 0, 0, 0)],
  "a reference to more than a chunk": [FILE, LENGTHS, bytes(0, 0, 0, 0, 1, 0, 0, 1)],
  "half a reference": [FILE, REFS, new Uint8Array(16)],
  "a reference too many": [FILE, REFS, new Uint8Array(64)],
};

describe("a block is refused with", () => {
  for (const [what, [row, column, value]] of Object.entries(NEGATIVE)) {
    test(what, () => {
      const columns = columnsOf(encode([row]));
      expect(plain(decodeBlock(blockOf(1, columns)))).toEqual(plain([row]));
      columns[column] = value;
      expect(() => decodeBlock(blockOf(1, columns))).toThrow(expect.objectContaining({ code: "CORRUPT" }));
    });
  }

  for (const [what, rows] of Object.entries({ "no row": 0, "a row too many": 2, "more rows than a block has": 4097 })) {
    test(what, () => {
      const columns = columnsOf(encode([FILE]));
      expect(() => decodeBlock(blockOf(rows, columns))).toThrow(expect.objectContaining({ code: "CORRUPT" }));
    });
  }

  test("a newer version", () => {
    const block = encode([FILE]);
    block[0] = 2;
    expect(() => decodeBlock(block)).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
  });

  test("any end cut off, or a byte too many", () => {
    const block = encode([DIRECTORY, FILE, LINK]);
    for (let length = 0; length < block.length; length++) {
      expect(() => decodeBlock(block.subarray(0, length))).toThrow(expect.objectContaining({ code: "CORRUPT" }));
    }
    expect(() => decodeBlock(Buffer.concat([block, bytes(0)]))).toThrow(expect.objectContaining({ code: "CORRUPT" }));
  });
});

test("any bytes are a block or refused, never a crash", () => {
  const column = fc.uint8Array({ maxLength: 40 });
  const block = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .tuple(fc.nat(5), fc.array(column, { minLength: 17, maxLength: 17 }))
      .map(([rows, columns]) => blockOf(rows, columns)),
    fc.tuple(fc.array(listRow, { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat(255)).map(([rows, at, value]) => {
      const changed = encode(rows).slice();
      changed[at % changed.length] = value;
      return changed;
    }),
  );
  fc.assert(
    fc.property(block, (some) => {
      try {
        decodeBlock(some);
      } catch (error) {
        expect(["CORRUPT", "UNSUPPORTED"]).toContain((error as { code?: string }).code);
      }
    }),
    { numRuns: 500 },
  );
});

test("a row too long for any block is refused when it is backed up", () => {
  expect(() => encode([{ ...FILE, path: "x".repeat(9_000_000) }])).toThrow(
    expect.objectContaining({ code: "INVALID" }),
  );
});

const gear = gearTable(chunkTableSeed(KEY));

/** The blocks of a list, each as the numbers of its rows. */
function blocksOf(paths: readonly string[], weight = 100): string[][] {
  const cut = createBlockCut(gear);
  const blocks: string[][] = [[]];
  for (const path of paths) {
    blocks.at(-1)?.push(path);
    if (cut.endsAfter(Buffer.from(path), weight)) blocks.push([]);
  }
  if (blocks.at(-1)?.length === 0) blocks.pop();
  return blocks;
}

test("where blocks end depends on paths alone: an entry that comes changes one or two of them", () => {
  const paths = Array.from({ length: 20_000 }, (_, n) => `folder/${String(n).padStart(6, "0")}.jpg`);
  const before = blocksOf(paths).map((block) => block.join());
  expect(before.length).toBeGreaterThan(10);
  const more = [...paths.slice(0, 9000), "folder/008999x.jpg", ...paths.slice(9000)];
  const after = new Set(blocksOf(more).map((block) => block.join()));
  expect(before.filter((block) => !after.has(block)).length).toBeLessThanOrEqual(2);
});

test("blocks have 64 to 4,096 rows, and end once they weigh 1 MiB", () => {
  const paths = Array.from({ length: 30_000 }, (_, n) => `${n}`);
  const sizes = blocksOf(paths).map((block) => block.length);
  expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThanOrEqual(64);
  expect(Math.max(...blocksOf(Array<string>(10_000).fill("same")).map((block) => block.length))).toBe(4096);
  expect(blocksOf(["a", "b", "c"], 1 << 20)).toEqual([["a"], ["b"], ["c"]]);
});
