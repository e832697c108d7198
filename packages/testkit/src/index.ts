export type { StorageSuiteOptions, StorageUnderTest } from "./lib/storage/options.ts";
export { storageSuite } from "./lib/storage/suite.ts";
