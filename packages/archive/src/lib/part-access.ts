import { type AbortOptions, isLifeboatError, type LocalObject, type SiteContext } from "@lifeboat/contracts";
import { RangedReader, RoomPool } from "@lifeboat/frames";
import { ROOM_BYTES } from "./limits.ts";
import { badLayout, type PartLayout } from "./part-layout.ts";
import { partThreads } from "./part-threads.ts";
import { SegmentAccess, segmentsUnderWay } from "./segment-access.ts";
import type { PartThreads } from "./segment-line.ts";

/** A part that is open for reading. Disposing it stops its threads and requests. */
export interface PartAccess extends AsyncDisposable {
  readonly threads: PartThreads;
  /** For the data. */
  readonly access: SegmentAccess;
  /** For the index, which is read beside the data. */
  readonly index: SegmentAccess;
}

/** Makes what a part is read with: threads, memory and requests. */
export async function openPartAccess(
  site: SiteContext,
  layout: PartLayout,
  options: AbortOptions,
): Promise<PartAccess> {
  const threads = await partThreads(site.threads, layout.codec, 1, layout.seal, true);
  const file = await openFile(site, layout, options);
  const rooms = new RoomPool(2 * segmentsUnderWay(site.threads), ROOM_BYTES);
  const { signal } = options;
  const damaged = (problem: string) => badLayout(layout.key, problem);
  const begin = () => {
    const reader = new RangedReader({ storage: site.storage, object: layout, rooms, damaged, signal });
    return new SegmentAccess({ layout, file, reader, threads, rooms, signal });
  };
  const access = begin();
  const index = begin();
  return {
    threads,
    access,
    index,
    async [Symbol.asyncDispose]() {
      await Promise.all([access.close(), index.close()]);
      await threads[Symbol.asyncDispose]();
      await file?.[Symbol.asyncDispose](); // no thread reads it any more
    },
  };
}

/** The part as an open file; `null` where it is none, or can't be opened: whoever asks for its bytes is told why. */
async function openFile(
  { storage }: SiteContext,
  { key }: PartLayout,
  options: AbortOptions,
): Promise<LocalObject | null> {
  try {
    return (await storage.openFile?.(key, options)) ?? null;
  } catch (error) {
    if (isLifeboatError(error) && options.signal?.aborted !== true) return null;
    throw error;
  }
}
