import type { AppInfo, CipherSuite, Clock, Format, Source, Storage } from "@lifeboat/contracts";
import type { SiteKeyOption } from "@lifeboat/crypto";
import type { EngineListener } from "./events/engine-events.ts";
import type { HealthOptions } from "./health/health-types.ts";
import type { Deliverer, NotifyOptions } from "./notify/notify-types.ts";
import type { PlanOptions } from "./plans/plan-options.ts";

/** A place for backups. */
export interface SiteOptions {
  /** Where the objects lie. The engine disposes of it when it closes. */
  readonly storage: Storage;
  /** How backups are laid out in it. An existing site keeps the format that it was made with. */
  readonly format: Format;
  /** What locks it: `passphrase(…)`, `recoveryCode(…)`, `rawKey(…)`, or in so many words `unencrypted()`. */
  readonly key: SiteKeyOption;
  /** The cipher of a new site: 1 = AES-256-GCM, 2 = ChaCha20-Poly1305. Default: 1. */
  readonly suite?: CipherSuite | undefined;
}

/** What an engine is made from. */
export interface EngineOptions<
  Sources extends readonly Source[] = readonly Source[],
  Sites extends Readonly<Record<string, SiteOptions>> = Readonly<Record<string, SiteOptions>>,
  Plans extends Readonly<Record<string, PlanOptions<SiteName<Sites>, SourceName<Sources>>>> = Readonly<
    Record<string, PlanOptions<SiteName<Sites>, SourceName<Sources>>>
  >,
> {
  /** The host application. It is kept with each backup, and a restore compares it. */
  readonly app: AppInfo;
  /** What is backed up. Plugins add to it with `engine.register`. */
  readonly sources: Sources;
  /** The places for backups, by the host's names for them. */
  readonly sites: Sites;
  /** What is backed up by itself once the engine was started, by the host's names for it. Default: nothing. */
  readonly plans?: Plans | undefined;
  /**
   * This installation's own name, kept in each backup: plans go by the backups of their own instance alone. Processes
   * of one installation share it, a clone needs another. Default: the machine's host name.
   */
  readonly instance?: string | undefined;
  /** What plans reckon hours and days by: an IANA name, such as `Europe/Berlin`. Default: the system's. */
  readonly timeZone?: string | undefined;
  /** Worker threads for the heavy work. 0 works on the calling thread. Default: one a processor, at most 8. */
  readonly threads?: number | undefined;
  /**
   * Makes the source that restores to a directory what no registered source takes
   * back any more. Without it, only registered sources are restored.
   */
  readonly unregistered?: ((id: string, directory: string) => Source) | undefined;
  /** Where restore drills write. Default: the system's directory for temporary files. */
  readonly temporaryDirectory?: string | undefined;
  /** What time backups begin at, how old leases are, and how long to wait. Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** What counts as healthy. */
  readonly health?: HealthOptions | undefined;
  /**
   * Who is told when a plan fails, is overdue, has damaged backups, or a site is out of reach, and when that is over.
   * Default: nobody.
   */
  readonly notify?: readonly Deliverer[] | NotifyOptions | undefined;
  /** Is told what the engine does, for logs, metrics and traces; never a secret. */
  readonly onEvent?: EngineListener | undefined;
}

/** The ids of sources, as far as their types tell them. */
export type SourceName<Sources extends readonly Source[]> = Sources[number]["id"];

/** The names of sites. */
export type SiteName<Sites> = keyof Sites & string;
