import type { Extent } from "./rows.ts";
import type { PackedEntry } from "./worker/tasks.ts";

/** An entry whose content spans segments: what becomes known of it as they are made. */
export interface LargeEntry {
  readonly entry: PackedEntry;
  /** The running digest of its content. */
  readonly digest: number;
  /** Grows by one for each tar entry of its content. */
  readonly extents: Extent[];
  /** Called when its last piece has been read. */
  done(): void;
}

/** Adds a piece to the extents: a new one, or the last one going on in the next segment. */
export function addExtent(extents: Extent[], piece: Extent, continues: boolean): void {
  const last = extents.at(-1);
  if (continues && last !== undefined) extents[extents.length - 1] = { ...last, size: last.size + piece.size };
  else extents.push(piece);
}
