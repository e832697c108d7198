import type { EntryInfo } from "@lifeboat/contracts";
import { comparePaths } from "./path-order.ts";

/** The entries of one path in two parts; one of them may be absent. */
export interface EntryPair {
  readonly before?: EntryInfo;
  readonly after?: EntryInfo;
}

/** Pairs the entries of two listings, both in path order, by their paths. */
export async function* mergeListings(
  before: AsyncIterable<EntryInfo>,
  after: AsyncIterable<EntryInfo>,
): AsyncGenerator<EntryPair> {
  const first = before[Symbol.asyncIterator]();
  const second = after[Symbol.asyncIterator]();
  try {
    let a = await next(first);
    let b = await next(second);
    while (a !== undefined || b !== undefined) {
      const order = a === undefined ? 1 : b === undefined ? -1 : comparePaths(a.path, b.path);
      yield { ...(order <= 0 && a && { before: a }), ...(order >= 0 && b && { after: b }) };
      if (order <= 0) a = await next(first);
      if (order >= 0) b = await next(second);
    }
  } finally {
    await Promise.all([first.return?.(), second.return?.()]);
  }
}

async function next(items: AsyncIterator<EntryInfo>): Promise<EntryInfo | undefined> {
  const result = await items.next();
  return result.done === true ? undefined : result.value;
}
