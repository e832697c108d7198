export { type DirectoryOptions, directory } from "./lib/directory.ts";
export type { ExtractLimits } from "./lib/extract/guard.ts";
export type { SectionOptions } from "./lib/filter.ts";
export { type JsonOptions, json } from "./lib/json.ts";
export type { CommonOptions } from "./lib/options.ts";
