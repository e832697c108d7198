import type { Clock, PruneOptions } from "@lifeboat/contracts";

const WAIT_MS = 10 * 60_000;
/** How often is looked whether sessions have ended: soon at first, then ever less often. */
const FIRST_LOOK_MS = 100;
const LAST_LOOK_MS = 5_000;

/**
 * P5 and P6: waits until every session that is there now has ended, or was given up. `false` where that takes longer
 * than is to be waited. Sessions that begin later read the marks, and are of no concern.
 */
export async function waitForSessions(
  clock: Clock,
  { sessions, waitMs = WAIT_MS, signal, onProgress }: PruneOptions,
): Promise<boolean> {
  let open = new Set(await sessions());
  const total = open.size;
  const began = clock.monotonic();
  for (let pause = FIRST_LOOK_MS; open.size > 0; pause = Math.min(LAST_LOOK_MS, 2 * pause)) {
    signal?.throwIfAborted();
    const left = waitMs - (clock.monotonic() - began);
    if (left <= 0) return false;
    onProgress?.({ step: "waiting", packs: total - open.size, totalPacks: total, bytes: 0 });
    await clock.sleep(Math.min(pause, left), { signal });
    const now = new Set(await sessions());
    open = new Set([...open].filter((id) => now.has(id)));
  }
  return true;
}
