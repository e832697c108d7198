export type * from "./lib/backup.ts";
export { type Clock, systemClock } from "./lib/clock.ts";
export type * from "./lib/entry.ts";
export { type ErrorCode, isLifeboatError, LifeboatError, type LifeboatErrorInit } from "./lib/errors.ts";
export type {
  BackupChecked,
  BackupStart,
  BackupWriter,
  CheckLevel,
  CheckOptions,
  CipherSuite,
  EntryListing,
  Format,
  ListedBackup,
  PartAddress,
  PartDiff,
  PartOptions,
  PartStart,
  ReadOptions,
  Repository,
  SiteContext,
  SiteSecret,
  VerifyProblem,
  WorkDone,
} from "./lib/format.ts";
export { interruptible } from "./lib/interruptible.ts";
export type * from "./lib/job.ts";
export type { Json } from "./lib/json.ts";
export { assertKey } from "./lib/keys.ts";
export { orAbort } from "./lib/or-abort.ts";
export { entryPathProblem, hasRawBytes, pathFromBytes, pathToBytes } from "./lib/paths.ts";
export type * from "./lib/prune.ts";
export { type ResolvedRange, resolveRange } from "./lib/range.ts";
export type * from "./lib/repair.ts";
export type * from "./lib/source.ts";
export { isSourceId } from "./lib/source-id.ts";
export type * from "./lib/storage.ts";
export type * from "./lib/verify.ts";
