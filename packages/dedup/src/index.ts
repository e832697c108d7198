export type { ChunkProfile } from "./lib/chunk/profile.ts";
export { dedup } from "./lib/dedup.ts";
export type { ChunkSizes, DedupOptions } from "./lib/settings.ts";
