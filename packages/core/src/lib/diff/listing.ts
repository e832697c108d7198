import type { EntryInfo, EntryListing } from "@lifeboat/contracts";
import { type EntryPair, mergeListings } from "./merge.ts";
import { comparePaths } from "./path-order.ts";

/** The entries of one part. */
export interface Listing extends EntryListing {
  /** As they are compared, those of them that are wanted: what the list leaves open has been found out. */
  compared(wanted?: (entry: EntryInfo) => boolean): AsyncIterable<EntryInfo>;
}

/** So many entries of each side are held at most. */
export const HELD_ENTRIES = 50_000;

/**
 * Pairs the entries of two listings by their paths. Short listings are sorted in memory. Long ones that are in path
 * order are merged; any other is gone through several times, each time for that portion of its paths which fits in memory.
 */
export async function* pairListings(before: Listing, after: Listing, held = HELD_ENTRIES): AsyncGenerator<EntryPair> {
  const longer = Math.max(before.entries, after.entries);
  if (longer > held && (await isInOrder(before.list())) && (await isInOrder(after.list()))) {
    yield* mergeListings(before.compared(), after.compared());
    return;
  }
  const portions = Math.ceil(longer / held);
  for (let portion = 0; portion < portions; portion++) {
    const wanted = portions === 1 ? undefined : ({ path }: EntryInfo) => hash(path) % portions === portion;
    yield* mergeListings(sorted(before.compared(wanted)), sorted(after.compared(wanted)));
  }
}

async function isInOrder(entries: AsyncIterable<EntryInfo>): Promise<boolean> {
  let last: string | undefined;
  for await (const { path } of entries) {
    if (last !== undefined && comparePaths(last, path) > 0) return false;
    last = path;
  }
  return true;
}

async function* sorted(entries: AsyncIterable<EntryInfo>): AsyncGenerator<EntryInfo> {
  const held: EntryInfo[] = [];
  for await (const entry of entries) held.push(entry);
  yield* held.sort((a, b) => comparePaths(a.path, b.path));
}

/** FNV-1a over UTF-16 units: only to part paths evenly. */
function hash(path: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < path.length; at++) value = Math.imul(value ^ path.charCodeAt(at), 0x01000193);
  return (value ^ (value >>> 15)) >>> 0;
}
