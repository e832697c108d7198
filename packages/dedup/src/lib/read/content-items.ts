import type { EntryInfo } from "@lifeboat/contracts";
import { type Body, NO_REFS, type Refs } from "../list/refs.ts";
import type { ListRow } from "../list/row.ts";
import type { FeedItem } from "./chunk-feed.ts";
import { stretches } from "./stretches.ts";

/** An entry with all of its content, or a stretch of one that is large. */
export interface ContentItem extends FeedItem {
  readonly entry: EntryInfo;
  readonly first: boolean;
  readonly last: boolean;
  /** The content of an entry that is so large that it is read by itself; `refs` are none then. */
  readonly content?: () => AsyncIterable<Refs>;
}

/** Content of up to so many bytes is in memory at once. */
export const WHOLE_BYTES = 1024 * 1024;

/** What is read of a part, and how. */
export interface ItemSource {
  readonly rows: AsyncIterable<readonly ListRow[]>;
  /** Makes the entry of a row; `null` where it is not wanted. */
  readonly entryOf: (row: ListRow) => EntryInfo | null;
  /** The references of a body, its reference chunks read. */
  readonly contentOf: (body: Body) => AsyncIterable<Refs>;
  /** Files of so many bytes are read by themselves, not ahead with others. */
  readonly alone: number;
}

/** The entries of a list as what has to be read for them, in their order. */
export async function* contentItems({
  rows,
  entryOf,
  contentOf,
  alone,
}: ItemSource): AsyncGenerator<readonly ContentItem[]> {
  for await (const block of rows) {
    let items: ContentItem[] = [];
    for (const row of block) {
      const entry = entryOf(row);
      if (entry === null) continue;
      const { body } = row;
      if (row.type !== "file") items.push({ entry, refs: NO_REFS, first: true, last: true });
      else if (body.depth === 0 && row.size <= WHOLE_BYTES)
        items.push({ entry, refs: body.refs, first: true, last: true });
      else if (row.size >= alone)
        items.push({ entry, refs: NO_REFS, first: true, last: true, content: () => contentOf(body) });
      else {
        yield items;
        items = [];
        yield* slices(entry, contentOf(body));
      }
    }
    yield items;
  }
}

/** An entry's content in stretches. */
export async function* slices(entry: EntryInfo, content: AsyncIterable<Refs>): AsyncGenerator<readonly ContentItem[]> {
  let first = true;
  let held: Refs | null = null;
  for await (const refs of content) {
    for (const slice of stretches(refs, WHOLE_BYTES)) {
      if (held !== null) {
        yield [{ entry, refs: held, first, last: false }];
        first = false;
      }
      held = slice;
    }
  }
  yield [{ entry, refs: held ?? NO_REFS, first, last: true }];
}
