export { type ArchiveOptions, archive } from "./lib/archive.ts";
