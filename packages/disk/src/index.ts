export { type BlockWriter, type BlockWriterOptions, blockWriter } from "./lib/block-writer.ts";
export { openDirect } from "./lib/direct.ts";
export { expectMounted, nearestExisting, readMounts } from "./lib/mount.ts";
export type { Mount } from "./lib/mountinfo.ts";
