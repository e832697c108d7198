import { type Json, LifeboatError } from "@lifeboat/contracts";
import { type ChunkProfile, DEFAULT_PROFILE, isChunkProfile } from "./chunk/profile.ts";

/**
 * How large a site's chunks are, smallest/average/largest.
 * - `fine`: 16/64/256 KiB. Finds the most, and costs some 50 bytes of memory a chunk
 * - `medium`: 64/256/1024 KiB, for some TB
 * - `coarse`: 256/1024/4096 KiB, for many TB. A storage may then see sizes of single chunks (docs/spec/threat-model.md)
 */
export type ChunkSizes = "fine" | "medium" | "coarse";

/** Options of the dedup format. */
export interface DedupOptions {
  /** Only counts when a site is made: it keeps its sizes for ever. Default: `fine`. */
  readonly chunks?: ChunkSizes | ChunkProfile | undefined;
  /** How hard to compress, 1 (fast) to 19, with zstd. Default: 1. */
  readonly level?: number | undefined;
}

const PROFILES: Readonly<Record<ChunkSizes, ChunkProfile>> = {
  fine: DEFAULT_PROFILE,
  medium: { min: 65_536, average: 262_144, max: 1_048_576 },
  coarse: { min: 262_144, average: 1_048_576, max: 4_194_304 },
};

/**
 * What the descriptor of a new site keeps under `dedup` (docs/spec/dedup.md, "Settings").
 *
 * @throws INVALID where the sizes are out of their limits
 */
export function dedupSettings({ chunks = "fine" }: DedupOptions = {}): { readonly [key: string]: Json } {
  const { min, average, max } = profileOf(chunks);
  return { min, average, max };
}

/**
 * The sizes that a site has, from its descriptor.
 *
 * @throws CORRUPT where they are none
 */
export function readDedupSettings(settings: Json | undefined): ChunkProfile {
  if (typeof settings === "object" && settings !== null && !Array.isArray(settings)) {
    const { min, average, max } = settings as { readonly [key: string]: Json };
    if (typeof min === "number" && typeof average === "number" && typeof max === "number") {
      const profile = { min, average, max };
      if (isChunkProfile(profile)) return profile;
    }
  }
  throw new LifeboatError({
    code: "CORRUPT",
    operation: "site.open",
    message: `Expected the sizes of chunks in the site's descriptor, found ${JSON.stringify(settings) ?? "none"}.`,
    hint: "Restore lifeboat.json of the site from a copy.",
  });
}

function profileOf(chunks: ChunkSizes | ChunkProfile): ChunkProfile {
  const profile = typeof chunks === "string" ? PROFILES[chunks] : chunks;
  if (profile !== undefined && isChunkProfile(profile)) return profile;
  throw new LifeboatError({
    code: "INVALID",
    operation: "dedup",
    message: `Expected sizes of chunks, found ${JSON.stringify(chunks)}.`,
    hint: 'Use "fine", "medium" or "coarse"; or 64 ≤ min ≤ average ≤ max ≤ 16777216, average a power of two from 4096 to 4194304.',
  });
}
