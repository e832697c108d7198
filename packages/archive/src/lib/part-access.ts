import type { AbortOptions, SiteContext } from "@lifeboat/contracts";
import type { PartLayout } from "./part-layout.ts";
import { partThreads } from "./part-threads.ts";
import { RoomPool } from "./room-pool.ts";
import { SegmentAccess, segmentsUnderWay } from "./segment-access.ts";
import type { PartThreads } from "./segment-line.ts";
import { StoredReader } from "./stored-reader.ts";

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
  const threads = await partThreads(site.threads, layout.codec, 1, layout.seal);
  const rooms = new RoomPool(2 * segmentsUnderWay(site.threads));
  const begin = () =>
    new SegmentAccess(layout, new StoredReader(site.storage, layout, rooms, options), threads, rooms, options.signal);
  const access = begin();
  const index = begin();
  return {
    threads,
    access,
    index,
    async [Symbol.asyncDispose]() {
      await Promise.all([access.reader.close(), index.reader.close()]);
      await threads[Symbol.asyncDispose]();
    },
  };
}
