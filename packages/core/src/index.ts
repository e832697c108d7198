export type { Backup, BackupListItem, BackupVerified, DamagedBackup } from "./lib/backup.ts";
export type { BackupAddress, Backups } from "./lib/backups.ts";
export type { CopiedBackup, CopyOptions, CopyReport } from "./lib/copy/copy-types.ts";
export type {
  BackupDiff,
  ContentEvidence,
  DiffCounts,
  DiffOptions,
  DiffSummary,
  EntryChange,
  EntryDifference,
  SourceDiff,
} from "./lib/diff/diff-types.ts";
export {
  type BackupEngine,
  type BackupOptions,
  createBackupEngine,
  type PlanBackupOptions,
  type RestoreOptions,
  type VerifyOptions,
} from "./lib/engine.ts";
export type {
  EngineEvent,
  EngineListener,
  FailureInfo,
  JobEventBase,
  JobResult,
  PlanEventBase,
} from "./lib/events/engine-events.ts";
export type {
  HealthOptions,
  HealthReason,
  HealthReport,
  HealthRequest,
  HealthyBackup,
  PlanHealth,
  SiteHealth,
  SourceHealth,
} from "./lib/health/health-types.ts";
export type { AnyJob, Jobs } from "./lib/jobs.ts";
export type { KeyInfo, KeyRing, NewRecoveryCode } from "./lib/key-ring.ts";
export type { RunLimits } from "./lib/limits/run-limits.ts";
export type {
  AlarmType,
  Deliverer,
  DeliveryContext,
  Notification,
  NotifyOptions,
} from "./lib/notify/notify-types.ts";
export { type WebhookOptions, webhook } from "./lib/notify/webhook.ts";
export type { EngineOptions, SiteName, SiteOptions, SourceName } from "./lib/options.ts";
export type {
  PlanLimits,
  PlanName,
  PlanOptions,
  PlanSources,
  PlanVerifyOptions,
  RetryOptions,
  ScheduleOption,
} from "./lib/plans/plan-options.ts";
export type {
  PlanInfo,
  PlannedReason,
  PlannedRun,
  PlanStatus,
  PlanSuccess,
  PlanTask,
  PlanTools,
  PlanWarning,
  RunOutcome,
  RunRecord,
} from "./lib/plans/plan-types.ts";
export type { PruneRequest, PruneRunOptions } from "./lib/prune-run.ts";
export type { RepairRunOptions } from "./lib/repair-run.ts";
export type {
  PlannedChange,
  PlannedChanges,
  PlannedSource,
  RestoredSource,
  RestorePlan,
  RestoreReport,
  RestoreRequest,
} from "./lib/restore-types.ts";
export type { PreviewOptions } from "./lib/retention/preview-retention.ts";
export type {
  KeptByRetention,
  NotRemoved,
  PlanPruneReport,
  RemovedByRetention,
  RetentionPreview,
} from "./lib/retention/retention-types.ts";
export type {
  SiteFinding,
  SiteMeasurements,
  SiteTestReport,
  SiteTestStep,
  SiteTestStepName,
} from "./lib/site-test/report.ts";
export type { SiteTools } from "./lib/site-tools.ts";
export type { SourceChoice } from "./lib/sources.ts";
export type { SiteVerifyOptions, SiteVerifyReport, VerifiedBackup } from "./lib/verify/site-verify-types.ts";
export type { VerifyLevel, VerifyReport } from "./lib/verify-run.ts";
