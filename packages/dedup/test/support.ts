import type { CipherSuite, EntryType } from "@lifeboat/contracts";
import fc from "fast-check";
import { RefList, type Refs } from "../src/lib/list/refs.ts";
import type { ListRow } from "../src/lib/list/row.ts";
import { codePoint } from "./code-point.ts";

/** The site key of the specification's examples. */
export const KEY: { readonly siteKey: Uint8Array; readonly suite: CipherSuite } = {
  siteKey: Uint8Array.from({ length: 32 }, (_, i) => i),
  suite: 1,
};

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** The linear congruential bytes of the specification's example. */
export function exampleBody(length = 1_000_000): Uint8Array {
  const body = new Uint8Array(length);
  let state = 1;
  for (let i = 0; i < body.length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    body[i] = state >>> 24;
  }
  return body;
}

const name = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12, unit: codePoint }).filter((s) => s.isWellFormed()),
  fc.constantFrom("a", "b.txt", "ä", "\udc80raw\udcff", "naïve", "日本"),
);
const path = fc
  .array(
    name.filter((s) => !s.includes("/") && !s.includes("\0") && s !== "." && s !== ".."),
    { minLength: 1, maxLength: 4 },
  )
  .map((segments) => segments.join("/"));

const refs: fc.Arbitrary<Refs> = fc
  .array(fc.record({ length: fc.integer({ min: 1, max: 1 << 20 }), fill: fc.nat(255) }), { maxLength: 64 })
  .map((list) => {
    const made = new RefList();
    for (const { length, fill } of list) made.add(length, new Uint8Array(32).fill(fill));
    return made;
  });

/** Rows as sources give them. */
export const listRow: fc.Arbitrary<ListRow> = fc
  .record({
    path,
    type: fc.constantFrom<EntryType>("file", "directory", "symlink", "hardlink"),
    mode: fc.nat(0o7777),
    mtimeMs: fc.double({ noNaN: true, noDefaultInfinity: true }),
    ctimeMs: fc.double({ noDefaultInfinity: true }),
    inode: fc.maxSafeNat(),
    uid: fc.option(fc.nat(), { nil: undefined }),
    gid: fc.option(fc.nat(), { nil: undefined }),
    user: fc.option(fc.constantFrom("root", "jürgen", ""), { nil: undefined }),
    group: fc.option(fc.constantFrom("root", "wheel"), { nil: undefined }),
    section: fc.option(fc.constantFrom("settings", "media"), { nil: undefined }),
    target: path,
    refs,
  })
  .map(({ refs: some, target, ...row }) => {
    const isFile = row.type === "file";
    const isLink = row.type === "symlink" || row.type === "hardlink";
    const size = isFile ? Array.from(some.lengths).reduce((sum, length) => sum + length, 0) : 0;
    const body = isFile ? { depth: 0, refs: some } : { depth: 0, refs: new RefList() };
    return { ...row, size, target: isLink ? target : undefined, body };
  });
