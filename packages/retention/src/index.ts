export { applyRetention } from "./lib/apply.ts";
export { assertRetentionPolicy } from "./lib/policy.ts";
export {
  describeReason,
  describeReasons,
  type KeepReason,
  type PeriodRule,
  type RemoveReason,
} from "./lib/reasons.ts";
export type {
  KeptBackup,
  RemovedBackup,
  RetentionBackup,
  RetentionCount,
  RetentionOptions,
  RetentionPolicy,
  RetentionResult,
  RetentionSource,
  TriggerRule,
} from "./lib/types.ts";
