export type { ChunkProfile } from "./lib/chunk/profile.ts";
export { type ChunkSizes, type DedupOptions, dedupSettings } from "./lib/settings.ts";
