import type { Told } from "./debounce.ts";

/**
 * What somebody was told of a site, by this process and by others of the instance. What the site holds counts, but for
 * what this process could not write to it yet.
 */
export interface ToldMemory {
  /** What the site held when it was last read or written, by key. */
  readonly stored: ReadonlyMap<string, Told>;
  /** What is over, and still stands there. */
  readonly over: ReadonlyMap<string, number>;
}

/** Before a site was looked at. */
export const NOTHING_STORED: ToldMemory = { stored: new Map(), over: new Map() };

/** What is told of a site now, by what this process knows and what the site holds. */
export function mergeTold(
  known: readonly Told[],
  loaded: readonly Told[],
  { stored, over }: ToldMemory,
): readonly Told[] {
  const merged = new Map<string, Told>();
  const there = new Map(loaded.map((each) => [each.key, each]));
  for (const each of known) {
    // Another process has seen that it is over, and has told it.
    if (stored.has(each.key) && !there.has(each.key)) continue;
    merged.set(each.key, each);
  }
  for (const each of loaded) {
    if (over.get(each.key) === each.since) continue;
    const own = merged.get(each.key);
    if (own === undefined || own.last < each.last) merged.set(each.key, each);
  }
  return [...merged.values()];
}
