import type { AppInfo, Clock } from "@lifeboat/contracts";
import type { HealthReason } from "../health/health-types.ts";

/** What can be wrong so that somebody is told. */
export type AlarmType = "failed" | "stale" | "verify-failed" | "site-unreachable";

/** What every notification tells. */
interface NotificationBase {
  /**
   * The same however often it is delivered, whichever process of the instance does: to drop repeats by. 32 hex digits.
   */
  readonly id: string;
  /** When it was noticed, by the engine's clock. */
  readonly time: Date;
  /** The installation. */
  readonly instance: string;
  readonly app: AppInfo;
  readonly site: string;
  readonly plan?: string;
  /** Since when it is so, as far as that is known. */
  readonly since: Date;
  /** One line for people. Never a secret. */
  readonly text: string;
}

/** What every alarm tells. */
interface AlarmBase<Code extends HealthReason["code"]> extends NotificationBase {
  /** Whether it was told before, and is still so. */
  readonly reminder: boolean;
  /** The same as data. */
  readonly reason: Extract<HealthReason, { readonly code: Code }>;
}

/** What somebody should know. */
export type Notification =
  /** A plan's backup, verification, drill or prune failed. */
  | (AlarmBase<"failing"> & { readonly type: "failed" })
  /** The newest backup of a plan, or of one of its sources, is older than it may be. */
  | (AlarmBase<"overdue"> & { readonly type: "stale" })
  /** Backups are damaged. */
  | (AlarmBase<"corrupt"> & { readonly type: "verify-failed" })
  | (AlarmBase<"site-away"> & { readonly type: "site-unreachable" })
  /** What was told before is over. */
  | (NotificationBase & { readonly type: "recovered"; readonly from: readonly AlarmType[] });

/** What a deliverer works with. */
export interface DeliveryContext {
  /** Aborts when the engine has closed; an attempt that is under way then has had five seconds. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Waits before another attempt, without keeping the process alive. @throws where the engine closes meanwhile */
  readonly pause: (ms: number) => Promise<void>;
}

/**
 * Brings a notification to somebody: `webhook(…)`, or the host's own function. One at a time, in their order, and no
 * run waits for it. What it throws becomes a `warning` event.
 */
export type Deliverer = (notification: Notification, context: DeliveryContext) => void | Promise<void>;

/** Who is told, and how often. */
export interface NotifyOptions {
  readonly to: readonly Deliverer[];
  /** What is still so is told again after so long; `false`: never. Default: `"24h"`. */
  readonly remindAfter?: string | false | undefined;
  /** How long a site must be away before anybody is told. Default: `"15m"`. */
  readonly awayFor?: string | undefined;
}
