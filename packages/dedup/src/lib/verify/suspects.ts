import { setImmediate as nextTurn } from "node:timers/promises";
import type { AbortOptions, LifeboatError } from "@lifeboat/contracts";
import type { PackFrames } from "../index/pack-frames.ts";
import type { SiteIndex } from "../index/site-index.ts";
import type { ChunkReader } from "../read/chunks.ts";
import { isDamage } from "../read/read-errors.ts";

/** Of chunks so many bytes are read together. */
const BATCH_BYTES = 8 << 20;
const TURN_MS = 5;

/**
 * The chunks of damaged packs that nothing in the site can give, by their ids in hex, each with the reason: what lies
 * in frames that open is right, and another pack may hold what does not.
 */
export async function lostChunks(
  packs: ReadonlySet<PackFrames>,
  index: SiteIndex,
  reader: ChunkReader,
  { signal }: AbortOptions,
): Promise<ReadonlyMap<string, LifeboatError>> {
  const lost = new Map<string, LifeboatError>();
  if (packs.size === 0) return lost;
  const suspects = await chunksOf(packs, index, { signal });
  let next = 0;
  while (next < suspects.length) {
    signal?.throwIfAborted();
    const batch = await reader.batch();
    const first = next;
    for (; next < suspects.length && batch.bytes < BATCH_BYTES; next++) {
      const id = suspects[next]?.id;
      if (id !== undefined) batch.addOne(id, undefined);
    }
    const opened = await reader.open(batch);
    try {
      for (const [n, { id }] of suspects.slice(first, next).entries()) {
        try {
          opened.bytes(n);
        } catch (error) {
          if (!isDamage(error)) throw error;
          lost.set(Buffer.from(id).toString("hex"), error);
        }
      }
    } finally {
      opened.release();
    }
  }
  return lost;
}

interface Suspect {
  readonly id: Uint8Array;
  readonly frame: number;
}

/** The chunks that are looked for in these packs, in the order in which they lie there. */
async function chunksOf(
  packs: ReadonlySet<PackFrames>,
  index: SiteIndex,
  { signal }: AbortOptions,
): Promise<readonly Suspect[]> {
  const found: Suspect[] = [];
  let turn = performance.now();
  for (const { id } of index.tables.entries()) {
    const place = index.find(id.bytes);
    if (place !== undefined && packs.has(place.pack)) {
      found.push({ id: Uint8Array.from(id.bytes), frame: place.pack.firstFrame + place.frame });
    }
    if (performance.now() - turn < TURN_MS) continue;
    await nextTurn();
    signal?.throwIfAborted();
    turn = performance.now();
  }
  return found.sort((a, b) => a.frame - b.frame);
}
