import type { AppInfo, Clock, Source } from "@lifeboat/contracts";
import type { Catalog } from "./catalog.ts";
import type { LocalLocks } from "./local-locks.ts";
import type { Plan } from "./plans/plan.ts";
import type { PlanEvents } from "./plans/plan-events.ts";
import type { RunRecords } from "./plans/run-records.ts";
import type { Sites } from "./sites.ts";
import type { SourceRegistry } from "./sources.ts";

/** What runs work with. */
export interface RunContext {
  readonly app: AppInfo;
  /** This installation's own name. */
  readonly instance: string;
  readonly plans: ReadonlyMap<string, Plan>;
  readonly clock: Clock;
  readonly sites: Sites;
  readonly sources: SourceRegistry;
  readonly locks: LocalLocks;
  readonly catalog: Catalog;
  readonly records: RunRecords;
  readonly planEvents: PlanEvents;
  /** Docs: `EngineOptions.unregistered`. */
  readonly unregistered?: ((id: string, directory: string) => Source) | undefined;
  readonly temporaryDirectory: string;
  /** How many restores each source has been given, by its id. */
  readonly restores: Map<string, number>;
}
