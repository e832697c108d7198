import type { AbortOptions, EntryListing, PartDiff } from "@lifeboat/contracts";
import { chunksOfBody } from "../list/references.ts";
import { type Body, RefList, refId } from "../list/refs.ts";
import type { ChunkReader } from "../read/chunks.ts";
import { listRows } from "../read/list-rows.ts";
import type { Reading } from "../read/reading.ts";
import { entryOf, type Identify } from "../read/row-entry.ts";

/**
 * The blocks of two lists that the other one does not have: the same rows make the same block, so all others are the
 * same, wherever they stand. Memory is some 100 bytes a block of a list, which has hundreds of rows.
 */
async function differingBlocks(before: Body, after: Body, lists: ChunkReader): Promise<[Body, Body]> {
  const counts = new Map<string, number>();
  for await (const { name } of blocksOf(after, lists)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const first = new RefList();
  for await (const { name, length, id } of blocksOf(before, lists)) {
    const there = counts.get(name) ?? 0;
    if (there === 0) first.add(length, id);
    else counts.set(name, there - 1);
  }
  const second = new RefList();
  for await (const { name, length, id } of blocksOf(after, lists)) {
    const left = counts.get(name) ?? 0;
    if (left === 0) continue;
    second.add(length, id);
    counts.set(name, left - 1);
  }
  return [
    { depth: 0, refs: first },
    { depth: 0, refs: second },
  ];
}

async function* blocksOf(root: Body, lists: ChunkReader) {
  for await (const refs of chunksOfBody(root, (id) => lists.one(id))) {
    for (let n = 0; n < refs.count; n++) {
      const id = refId(refs, n);
      yield { name: Buffer.from(id).toString("latin1"), length: refs.lengths[n] ?? 0, id };
    }
  }
}

/** What a comparison works with. */
export interface DiffTools {
  /** Opens the site for reading. */
  readonly read: (options: AbortOptions) => Promise<Reading>;
  readonly identify: Identify;
}

/** What may differ between two parts of a site, by the blocks of their lists. */
export async function diffParts(
  before: Body,
  after: Body,
  { read, identify }: DiffTools,
  options: AbortOptions,
): Promise<PartDiff> {
  await using reading = await read(options);
  const [first, second] = await differingBlocks(before, after, reading.lists);

  async function listing(blocks: Body): Promise<EntryListing> {
    let entries = 0;
    for await (const rows of listRows(blocks, reading.lists)) entries += rows.length;
    return {
      entries,
      async *list() {
        await using again = await read(options);
        for await (const rows of listRows(blocks, again.lists)) for (const row of rows) yield entryOf(row, identify);
      },
    };
  }

  return { before: await listing(first), after: await listing(second) };
}
