import type { CheckOptions } from "@lifeboat/contracts";
import { ID_BYTES } from "../bytes.ts";
import type { PackFrames } from "../index/pack-frames.ts";
import { RefList, type Refs, refId } from "../list/refs.ts";
import type { ListRow } from "../list/row.ts";
import { type FeedItem, feedChunks } from "../read/chunk-feed.ts";
import { contentOf, listRows } from "../read/list-rows.ts";
import { isDamage } from "../read/read-errors.ts";
import { CONTENT_LIMITS } from "../read/read-part.ts";
import type { Reading } from "../read/reading.ts";
import type { ListedPart } from "./needed.ts";
import { problemOf } from "./problems.ts";
import type { CheckedIndex } from "./verify-index.ts";

interface Suspect extends FeedItem {
  readonly path: string;
}

/** What damaged packs are looked for with. */
export interface TouchedWork {
  /** The damaged packs. */
  readonly packs: ReadonlySet<PackFrames>;
  readonly index: CheckedIndex;
  readonly reading: Reading;
}

/**
 * Names the entries that damaged packs touch: reads again what an entry needs of them, and tells
 * those for which no copy is right.
 */
export async function tellTouched(
  { part, root }: ListedPart,
  work: TouchedWork,
  { onProblem, signal }: CheckOptions,
): Promise<void> {
  const { source } = part;
  const { lists, data } = work.reading;
  let told: string | undefined;
  const rows = listRows(root, lists, { onDamaged: () => undefined }); // told already
  for await (const batch of feedChunks(suspects(rows, work), data, CONTENT_LIMITS)) {
    signal?.throwIfAborted();
    for (const [n, { path }] of batch.items.entries()) {
      if (path === told) continue;
      try {
        batch.pieces(n);
      } catch (error) {
        if (!isDamage(error)) throw error;
        told = path;
        onProblem(problemOf(error, { source, path }));
      }
    }
  }
}

/** The entries that need something of these packs, and what. */
async function* suspects(
  rows: AsyncIterable<readonly ListRow[]>,
  work: TouchedWork,
): AsyncGenerator<readonly Suspect[]> {
  for await (const block of rows) {
    for (const { path, body } of block) {
      try {
        for await (const all of contentOf(body, work.reading.lists)) {
          const refs = within(all, work);
          if (refs.count > 0) yield [{ path, refs }];
        }
      } catch (error) {
        if (!isDamage(error)) throw error; // a reference chunk that can't be had was told already
      }
    }
  }
}

/** Those of the references whose chunks lie in the damaged packs. */
function within(refs: Refs, { packs, index }: TouchedWork): Refs {
  const found = new RefList();
  for (let n = 0; n < refs.count; n++) {
    const pack = index.good.find(refs.ids, n * ID_BYTES)?.pack;
    if (pack !== undefined && packs.has(pack)) found.add(refs.lengths[n] ?? 0, refId(refs, n));
  }
  return found;
}
