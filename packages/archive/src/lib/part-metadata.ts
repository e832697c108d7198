import type { AbortOptions, SiteContext } from "@lifeboat/contracts";
import { type PartMetadata, readMetadata } from "./metadata.ts";
import { badLayout, type PartLayout } from "./part-layout.ts";
import type { PartThreads } from "./segment-line.ts";
import { CONTENT } from "./segment-plan.ts";
import { StoredReader } from "./stored-reader.ts";
import type { Unpacked } from "./worker/tasks.ts";

/**
 * What a part says of itself, out of its first segment.
 *
 * @throws CORRUPT, UNSUPPORTED
 */
export async function openMetadata(
  site: SiteContext,
  layout: PartLayout,
  { pool }: PartThreads,
  options: AbortOptions,
): Promise<PartMetadata> {
  const [place] = layout.segments;
  if (place === undefined || place.content !== CONTENT.metadata)
    throw badLayout(layout.key, "it does not begin with its metadata");
  const reader = new StoredReader(site.storage, layout, options);
  try {
    const stored = await reader.read(0, 0);
    const task = { op: "unpack", segment: 0, stored, unpacked: place.unpackedLength, checks: [], keep: true } as const;
    const { bytes } = (await pool.run(task, { ...options, transfer: [stored.buffer] })) as Unpacked;
    return await readMetadata(layout.key, bytes);
  } finally {
    await reader.close();
  }
}

/**
 * Refuses a part that is genuine in itself, but lies in another one's place: all
 * parts of a site open with one key, so the key does not tell them apart.
 *
 * @throws INCOMPATIBLE
 */
export function assertBelongs(
  { backup, part }: PartMetadata,
  place: { readonly key: string; readonly siteId: string; readonly id: string; readonly source: string },
): void {
  if (backup.siteId === place.siteId && backup.id === place.id && part.source === place.source) return;
  throw badLayout(place.key, `it is the part "${part.source}" of backup ${backup.id}`, "INCOMPATIBLE");
}
