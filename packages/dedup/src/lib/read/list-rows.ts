import { LifeboatError, type PartInfo } from "@lifeboat/contracts";
import { decodeBlock } from "../list/decode-block.ts";
import { chunksOfBody } from "../list/references.ts";
import { type Body, type Refs, refId } from "../list/refs.ts";
import type { ListRow } from "../list/row.ts";
import { Turns } from "../turns.ts";
import { type FeedItem, type FeedLimits, feedChunks } from "./chunk-feed.ts";
import type { ChunkReader } from "./chunks.ts";
import { isDamage } from "./read-errors.ts";

const MIB = 1024 * 1024;

/** Blocks are small, and mostly lie next to each other. */
export const LIST_LIMITS: FeedLimits = { batchBytes: 4 * MIB, batches: 2 };

/** A block of a list. */
export interface ListBlock {
  readonly id: Uint8Array;
  /** Bytes of the block. */
  readonly length: number;
  readonly rows: readonly ListRow[];
}

/** How a list is read. */
export interface ListOptions {
  /** Called for a block that can't be read, which is then passed over. Default: its error is thrown. */
  readonly onDamaged?: ((error: LifeboatError) => void) | undefined;
  /** Called with the id of each chunk of the list, before it is read. */
  readonly onChunk?: ((id: Uint8Array) => void) | undefined;
}

/**
 * The rows of an entry list, block by block, in their order.
 *
 * @param lists reads chunks of lists
 * @throws CORRUPT, NOT_FOUND, UNSUPPORTED
 */
export async function* listRows(
  root: Body,
  lists: ChunkReader,
  options: ListOptions = {},
): AsyncGenerator<readonly ListRow[]> {
  for await (const { rows } of listBlocks(root, lists, options)) yield rows;
}

/**
 * The same, with the blocks themselves.
 *
 * @throws CORRUPT, NOT_FOUND, UNSUPPORTED
 */
export async function* listBlocks(
  root: Body,
  lists: ChunkReader,
  { onDamaged, onChunk }: ListOptions = {},
): AsyncGenerator<ListBlock> {
  const turns = new Turns();
  for await (const batch of feedChunks(blocksOf(root, lists, onChunk), lists, LIST_LIMITS)) {
    for (const [n, { refs }] of batch.items.entries()) {
      if (turns.isOver()) await turns.next();
      let rows: readonly ListRow[] = [];
      try {
        rows = batch.pieces(n).flatMap(decodeBlock);
      } catch (error) {
        if (!isDamage(error) || onDamaged === undefined) throw error;
        onDamaged(error);
      }
      yield { id: refs.ids, length: refs.lengths[0] ?? 0, rows };
    }
  }
}

async function* blocksOf(
  root: Body,
  lists: ChunkReader,
  onChunk: ListOptions["onChunk"],
): AsyncGenerator<readonly FeedItem[]> {
  const read = (id: Uint8Array) => {
    onChunk?.(id);
    return lists.one(id);
  };
  for await (const refs of chunksOfBody(root, read)) {
    const blocks = Array.from({ length: refs.count }, (_, n) => ({ refs: oneOf(refs, n) }));
    for (const block of blocks) onChunk?.(block.refs.ids);
    yield blocks;
  }
}

/** The references to a body's chunks, its reference chunks read as they are come to. */
export function contentOf(body: Body, lists: ChunkReader): AsyncIterable<Refs> {
  return chunksOfBody(body, (id) => lists.one(id));
}

/** One of the references alone. */
function oneOf(refs: Refs, n: number): Refs {
  return { count: 1, lengths: [refs.lengths[n] ?? 0], ids: refId(refs, n) };
}

/** Refuses more than the manifest promised, so that no list can make a disk overflow; and less. */
export async function* limited(
  rows: AsyncIterable<readonly ListRow[]>,
  part: Pick<PartInfo, "source" | "counts" | "size">,
): AsyncGenerator<readonly ListRow[]> {
  const { counts, size } = part;
  const promised = counts.files + counts.directories + counts.links;
  let entries = 0;
  let bytes = 0;
  for await (const block of rows) {
    for (const row of block) {
      entries += 1;
      bytes += row.size;
    }
    if (bytes > size || entries > promised) throw otherThan(part, "more entries or bytes");
    yield block;
  }
  if (bytes !== size || entries !== promised) throw otherThan(part, `${entries} entries and ${bytes} bytes`);
}

/** CORRUPT: a list is not of the entries and bytes that its manifest promises. */
export function otherThan(
  { source, counts, size }: Pick<PartInfo, "source" | "counts" | "size">,
  found: string,
): LifeboatError {
  const { files, directories, links } = counts;
  return new LifeboatError({
    code: "CORRUPT",
    operation: "dedup.read",
    key: source,
    message: `Expected ${files + directories + links} entries and ${size} bytes in the list of "${source}", as its manifest says, found ${found}.`,
  });
}
