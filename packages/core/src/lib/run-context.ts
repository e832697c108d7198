import type { AppInfo, Clock, Source } from "@lifeboat/contracts";
import type { Catalog } from "./catalog.ts";
import type { LocalLocks } from "./local-locks.ts";
import type { PreparedRestore } from "./restore-plan.ts";
import type { RestorePlan } from "./restore-types.ts";
import type { Sites } from "./sites.ts";
import type { SourceRegistry } from "./sources.ts";

/** What runs work with. */
export interface RunContext {
  readonly app: AppInfo;
  readonly clock: Clock;
  readonly sites: Sites;
  readonly sources: SourceRegistry;
  readonly locks: LocalLocks;
  readonly catalog: Catalog;
  /** Docs: `EngineOptions.unregistered`. */
  readonly unregistered?: ((id: string, directory: string) => Source) | undefined;
  readonly temporaryDirectory: string;
  /** How many restores each source has been given, by its id. */
  readonly restores: Map<string, number>;
  /** What the plans stand for that were worked out here. */
  readonly prepared: WeakMap<RestorePlan, PreparedRestore>;
}
