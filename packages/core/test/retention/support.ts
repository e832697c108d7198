import { archive } from "@lifeboat/archive";
import { type Clock, type Format, type Source, type Storage, systemClock, type Trigger } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import type { BackupEngine, PlanOptions, RetentionPreview } from "../../src/index.ts";
import { plannedHost } from "../plans/support.ts";
import { texts } from "../support.ts";

/** A clock that tells what it was set to; waiting is the system's. */
export function settableClock(start: string) {
  let now = Date.parse(start);
  const clock: Clock = { ...systemClock, now: () => now };
  const set = (time: string) => {
    now = Date.parse(time);
  };
  return { clock, set };
}

export interface RetainingHost {
  readonly plans: Readonly<Record<string, Omit<PlanOptions<"local">, "site">>>;
  readonly storage?: Storage;
  readonly sources?: readonly Source[];
  readonly instance?: string;
  readonly format?: Format;
}

/** So that no prune is part of a run. */
const YEARLY = { schedule: "0 4 1 1 *" };

/**
 * An engine with these plans on the site "local", whose clock can be set, and a storage that several can share. Nothing
 * is pruned by itself, unless a plan says so.
 */
export function retainingHost({ plans, ...options }: RetainingHost) {
  const { clock, set } = settableClock("2026-11-20T12:00:00Z");
  const format = options.format ?? archive();
  const { storage = memoryStorage(), sources = [texts("settings", { a: "1" })] } = options;
  const all = Object.fromEntries(
    Object.entries(plans).map(([name, plan]) => [name, { prune: YEARLY, ...plan, site: "local" as const }]),
  );
  const host = plannedHost({ ...options, storage, sources, clock, format, plans: all });
  const engine: BackupEngine = host.engine;

  /** Makes a backup of a plan at this moment. */
  async function backUp(plan: string, time: string, trigger: Trigger = "scheduled") {
    set(time);
    return engine.backup({ plan, trigger });
  }
  return { engine, storage, set, backUp };
}

/** What a preview says, as a text that a person can check. */
export function renderPreview({ plan, policy, keep, remove, others, damaged }: RetentionPreview): string {
  const lines = [...keep, ...remove]
    .sort((a, b) => b.backup.time.getTime() - a.backup.time.getTime())
    .map(({ backup, text }) => `${backup.time.toISOString()} ${backup.trigger}: ${text}`)
    .map((line) => line.replace(/\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}Z-[a-z-]+-[0-9a-f]{4}/g, "<id>"));
  return [`${plan}: ${JSON.stringify(policy)}; ${others} of others, ${damaged.length} damaged`, ...lines, ""].join(
    "\n",
  );
}
