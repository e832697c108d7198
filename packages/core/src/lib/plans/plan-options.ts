import type { VerifyShare } from "@lifeboat/contracts";
import type { RetentionPolicy } from "@lifeboat/retention";
import type { SourceChoice } from "../sources.ts";
import type { VerifyLevel } from "../verify-run.ts";

/**
 * When something happens by itself:
 * - a cron expression of five fields (six with seconds in front), in the time zone of the engine's plans
 * - `cron` with a time zone of its own
 * - `every`: so long after the last time. With `at`, at that time of day: `every` is then whole days, or divides a day
 */
export type ScheduleOption =
  | string
  | {
      readonly cron: string;
      /** An IANA name, such as `Europe/Berlin`. Default: that of the engine's plans. */
      readonly timeZone?: string | undefined;
      /** Later by up to so long, always by the same for one plan of one instance, so that many hosts don't come at once. Default: none. */
      readonly jitter?: string | undefined;
    }
  | {
      /** `"90s"`, `"15m"`, `"24h"`, `"3d"`, `"2w"`. */
      readonly every: string;
      /** `"02:00"`, by the clock on the wall: also on days that have 23 or 25 hours. */
      readonly at?: string | undefined;
      readonly timeZone?: string | undefined;
      readonly jitter?: string | undefined;
    };

/** Which sources a plan takes: a choice as in `engine.backup`, or all except some. */
export type PlanSources<Name extends string = string> = SourceChoice<Name> | { readonly except: readonly Name[] };

/** What a run of a plan may take. */
export interface PlanLimits {
  /** How long it may last. Default: `"12h"`. */
  readonly time?: string | undefined;
  /** How much memory it may take: `"256MB"`, `"1.5GiB"`, or bytes. Default: what it needs. */
  readonly memory?: string | number | undefined;
  /** Whether its heavy work gives way to everything else on the machine. Default: `false`. */
  readonly lowPriority?: boolean | undefined;
}

/** How soon what failed is tried again. */
export interface RetryOptions {
  /** After the first failure; each further pause is twice as long. Default: `"5m"`. */
  readonly first?: string | undefined;
  /** The longest pause. It is never longer than to the schedule's next time. Default: `"6h"`. */
  readonly longest?: string | undefined;
}

/** What of a plan's backups is verified, and when. */
export interface PlanVerifyOptions {
  readonly schedule: ScheduleOption;
  /** How thoroughly. `drill` is another word for `restore`. Default: `content`. */
  readonly level?: VerifyLevel | "drill" | undefined;
  /** How much at a time, least recently verified first. Default: all. */
  readonly share?: VerifyShare | undefined;
}

/** What is backed up by itself: sources × site × schedule × retention, under a name. */
export interface PlanOptions<Site extends string = string, Name extends string = string> {
  readonly site: Site;
  /** Default: all that are registered when it runs. */
  readonly sources?: PlanSources<Name> | undefined;
  /** Absent: only by hand, with `engine.backup({ plan })`. */
  readonly schedule?: ScheduleOption | undefined;
  /** Which of its backups stay. Absent: all of them, for ever. */
  readonly retention?: RetentionPolicy | undefined;
  readonly limits?: PlanLimits | undefined;
  readonly retry?: RetryOptions | undefined;
  /** When backups that retention lets go are removed. Default: after each successful run. */
  readonly prune?: { readonly schedule: ScheduleOption } | undefined;
  /** Several are each at another level. Default: nothing. */
  readonly verify?: PlanVerifyOptions | readonly PlanVerifyOptions[] | undefined;
  /** How old the newest backup may be. Default: twice the longest gap of the schedule. */
  readonly staleAfter?: string | undefined;
  /** A URL that is asked for after each success, so that somebody else notices when there are none. */
  readonly heartbeat?: string | undefined;
}

/** The names of plans. */
export type PlanName<Plans> = keyof Plans & string;
