import { encodeTable, type TableRow } from "../../src/lib/table.ts";
import { concat } from "./fixed.ts";
import { contentOf, join, makeParts, setU32 } from "./sealed-parts.ts";
import { negative, type SealedVector, type Spoiled } from "./sealed-vector.ts";

/** Tables that open, but say something else than what is there. */
export function tableVectors(suite: 1 | 2): SealedVector[] {
  const base = { name: `tables ${suite}`, suite, content: contentOf(`tables ${suite}`, [40, 40, 20]) };
  const rows = (lengths: readonly number[]): TableRow[] =>
    lengths.map((length) => ({ length, unpackedLength: length }));
  const table = (lengths: readonly number[]) => encodeTable(rows(lengths));
  const right = table([40, 40, 20]);
  const tables: Record<string, Uint8Array> = {
    "a row too few": table([40, 40]),
    "a row too many": table([40, 40, 20, 20]),
    "no rows": table([]),
    "other lengths with the same sum": table([20, 40, 40]),
    "a length one too high": table([41, 40, 20]),
    "a length of 0": setU32(right, 4, 0),
    "a length over the limit": setU32(right, 4, 16_842_753),
    "a count of 4 billion": setU32(right, 0, 0xffff_ffff),
    "a count one too high": setU32(right, 0, 4),
    "cut off in a row": right.subarray(0, -1),
    "cut off in the count": right.subarray(0, 3),
    "one row of all the bytes": table([140]),
    "text instead": new TextEncoder().encode("this is not a table of segments"),
  };
  const spoiled: Spoiled = {};
  for (const [what, bytes] of Object.entries(tables)) spoiled[what] = join(makeParts({ ...base, table: bytes }));
  const parts = makeParts(base);
  const wrapped = makeParts({ ...base, kind: 1, table: concat(table([40, 40]), new Uint8Array(9)) });
  return [
    ...negative(parts, suite, "corrupt-table", spoiled),
    ...negative(parts, suite, "corrupt-table", { "an archive part's, a row too few": join(wrapped) }),
  ];
}
