import type { AbortOptions, ListedBackup, Manifest } from "@lifeboat/contracts";
import type { RunContext } from "../run-context.ts";
import type { OpenSite } from "../sites.ts";
import type { Plan } from "./plan.ts";
import type { PlanSuccess, RunRecord } from "./plan-types.ts";

/** What a site tells of a plan. */
export interface PlanFacts {
  /**
   * Its newest backup by this instance. One that seems to be made in the future does not count, unless it was due
   * before: then somebody has set the clock back.
   */
  readonly lastSuccess: PlanSuccess | null;
  /** A newer backup of a plan of this name, made by another instance. */
  readonly other: { readonly instance: string; readonly id: string; readonly started: Date } | null;
  /** Its run records by this instance, oldest first; none that seems to be written in the future. */
  readonly records: readonly RunRecord[];
  /** What is later than this, in milliseconds since 1970, is in the future. */
  readonly future: number;
}

/** Clocks of processes that share an instance may differ by so much. */
const CLOCKS_MS = 5 * 60_000;

/** Looks at a plan's site. @throws what opening the site and the storage throw */
export async function readPlanFacts(engine: RunContext, plan: Plan, options: AbortOptions): Promise<PlanFacts> {
  const site = await engine.sites.find(plan.site, options);
  return site === null ? noFacts(engine) : factsOn(engine, site, plan, options);
}

/** What is known of a plan whose site tells nothing. */
export function noFacts({ clock }: RunContext, records: readonly RunRecord[] = []): PlanFacts {
  return { lastSuccess: null, other: null, records, future: clock.now() + CLOCKS_MS };
}

/** Looks at a plan's site that is open already. */
export async function factsOn(
  engine: RunContext,
  site: OpenSite,
  plan: Plan,
  options: AbortOptions,
): Promise<PlanFacts> {
  const { instance, catalog, clock } = engine;
  const future = clock.now() + CLOCKS_MS;
  const isPast = (time: Date | undefined) => time !== undefined && time.getTime() <= future;
  const records = (await engine.records.load(site, options)).filter(
    (record) => record.plan === plan.name && record.instance === instance && isPast(record.finished),
  );
  const backups: ListedBackup[] = [];
  for await (const backup of site.repository.list(options)) backups.push(backup);
  let other: PlanFacts["other"] = null;
  for await (const manifest of catalog.manifests(site, backups, options)) {
    const { run, id, started } = manifest;
    if (run?.plan !== plan.name || !(isPast(started) || isPast(run.due))) continue;
    if (run.instance === instance) return { lastSuccess: successOf(manifest), other, records, future };
    other ??= { instance: run.instance, id, started };
  }
  return { lastSuccess: null, other, records, future };
}

function successOf({ id, trigger, started, finished, run }: Manifest): PlanSuccess {
  return { id, trigger, started, finished, ...(run?.due === undefined ? {} : { due: run.due }) };
}
