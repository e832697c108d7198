import { archive } from "@lifeboat/archive";
import type { Clock, Format, Source, Storage } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { createBackupEngine, type PlanOptions } from "../../src/index.ts";
import { APP, KEY, later, texts } from "../support.ts";

export const NIGHTLY = { site: "local", schedule: { cron: "0 2 * * *", timeZone: "Europe/Berlin" } } as const;

export interface PlannedHost {
  readonly plans?: Readonly<Record<string, PlanOptions<"local" | "offsite">>>;
  readonly storage?: Storage;
  readonly offsite?: Storage;
  readonly sources?: readonly Source[];
  readonly instance?: string;
  readonly clock?: Clock;
  readonly format?: Format;
}

/** An engine with the sites "local" and "offsite" and some plans; it is closed after the test, its storages are left open. */
export function plannedHost(options: PlannedHost = {}) {
  const { instance = "nvr-berlin", clock, format = archive() } = options;
  const plans: NonNullable<PlannedHost["plans"]> = options.plans ?? { nightly: NIGHTLY };
  const { storage = memoryStorage(), offsite = memoryStorage() } = options;
  const sources = options.sources ?? [texts("settings", { a: "1" }), texts("media", { b: "2" })];
  const kept = (each: Storage): Storage => ({ ...each, [Symbol.asyncDispose]: async () => {} });
  const engine = createBackupEngine({
    app: APP,
    sources,
    sites: {
      local: { storage: kept(storage), format, key: KEY },
      offsite: { storage: kept(offsite), format, key: KEY },
    },
    plans,
    instance,
    clock,
    timeZone: "Europe/Berlin",
    threads: 0,
  });
  later(() => engine.close());
  return { engine, storage, offsite };
}
