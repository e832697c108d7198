export { type CommandOptions, command } from "./lib/command/command.ts";
export { type DirectoryOptions, directory } from "./lib/directory.ts";
export type { ExtractLimits } from "./lib/extract/guard.ts";
export { type FilesOptions, files } from "./lib/files.ts";
export type { SectionOptions } from "./lib/filter.ts";
export { type JsonOptions, json } from "./lib/json.ts";
export type { CommonOptions, NamedSource } from "./lib/options.ts";
export type { TreeOptions } from "./lib/tree-source.ts";
