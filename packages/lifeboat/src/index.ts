export { type ArchiveOptions, archive } from "@lifeboat/archive";
export type * from "@lifeboat/contracts";
export { isLifeboatError, LifeboatError } from "@lifeboat/contracts";
export type * from "@lifeboat/core";
export { webhook } from "@lifeboat/core";
export {
  type PassphraseOptions,
  passphrase,
  rawKey,
  recoveryCode,
  type SecretText,
  type SiteKeyOption,
  type SlotKeyOption,
  unencrypted,
} from "@lifeboat/crypto";
export { type ChunkProfile, type ChunkSizes, type DedupOptions, dedup } from "@lifeboat/dedup";
export {
  applyRetention,
  assertRetentionPolicy,
  describeReason,
  describeReasons,
  type KeepReason,
  type KeptBackup,
  type PeriodRule,
  type RemovedBackup,
  type RemoveReason,
  type RetentionBackup,
  type RetentionCount,
  type RetentionOptions,
  type RetentionPolicy,
  type RetentionResult,
  type RetentionSource,
  type TriggerRule,
} from "@lifeboat/retention";
export {
  type CommandOptions,
  command,
  type DirectoryOptions,
  directory,
  type ExtractLimits,
  type FilesOptions,
  files,
  type JsonOptions,
  json,
  type NamedSource,
  type SectionOptions,
} from "@lifeboat/sources";
export { type LocalStorageOptions, localStorage } from "@lifeboat/storage-local";
export { type MemoryStorageOptions, memoryStorage } from "@lifeboat/storage-memory";
export { createBackupEngine, type EngineOptions, type SiteOptions } from "./lib/engine.ts";
