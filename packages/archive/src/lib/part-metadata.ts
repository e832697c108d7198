import { type PartMetadata, readMetadata } from "./metadata.ts";
import { badLayout } from "./part-layout.ts";
import type { SegmentAccess } from "./segment-access.ts";
import { CONTENT } from "./segment-plan.ts";

/**
 * What a part says of itself, out of its first segment.
 *
 * @throws CORRUPT, UNSUPPORTED
 */
export async function openMetadata(access: SegmentAccess): Promise<PartMetadata> {
  const { layout } = access;
  if (layout.segments[0]?.content !== CONTENT.metadata) {
    throw badLayout(layout.key, "it does not begin with its metadata");
  }
  const bytes = await access.open(0);
  try {
    return await readMetadata(layout.key, bytes);
  } finally {
    access.release(bytes);
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
