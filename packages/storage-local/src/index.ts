export { localStorage } from "./lib/local.ts";
export type { LocalStorageOptions } from "./lib/options.ts";
