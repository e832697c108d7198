import { encodeTable } from "../../src/lib/table.ts";
import { concat, siteKey, toHex } from "./fixed.ts";
import { corruptVectors } from "./sealed-corrupt.ts";
import { headerVectors } from "./sealed-headers.ts";
import { contentOf, join, makeParts, type PartsOptions, rowsOf, wrap } from "./sealed-parts.ts";
import { tableVectors } from "./sealed-tables.ts";
import type { SealedVector } from "./sealed-vector.ts";

/** All vectors of sealed objects. */
export function sealedVectors(): SealedVector[] {
  const both = [1, 2] as const;
  return both.flatMap((suite) => [
    ...validVectors(suite),
    ...headerVectors(suite),
    ...corruptVectors(suite),
    ...tableVectors(suite),
  ]);
}

function validVectors(suite: 1 | 2): SealedVector[] {
  const cases: Record<string, Partial<PartsOptions>> = {
    "empty content": { content: [] },
    "one byte": { content: contentOf("one byte", [1]) },
    "exactly two full segments": { content: contentOf("boundary", [40, 40]) },
    "a full segment and one byte": { content: contentOf("boundary and one", [40, 1]) },
    "many segments": { content: contentOf("many", Array(300).fill(1)) },
    "no key block": { keyBlock: new Uint8Array(0) },
    "an archive part, its table wrapped": { kind: 1 },
    "an empty archive part": { kind: 1, content: [] },
    "an index": { kind: 3 },
    "an entry list": { kind: 4 },
    "a field": { kind: 5, keyBlock: new Uint8Array(0), content: contentOf("field", [17]) },
    "a table with extra bytes": { extra: contentOf("extra", [13])[0] ?? new Uint8Array(0) },
  };
  return Object.entries(cases).map(([what, options]) => {
    const name = `suite ${suite}: ${what}`;
    const parts = makeParts({ name, suite, ...options });
    const table = options.kind === 1 ? [wrap(encodeTable(rowsOf(parts.content)), parts.content)] : [];
    const content = toHex(concat(...parts.content, ...table));
    return { name, class: "valid", siteKey: toHex(siteKey), content, sealed: toHex(join(parts)) };
  });
}
