import { type AbortOptions, isLifeboatError, LifeboatError, orAbort, type StorageSpace } from "@lifeboat/contracts";
import { messageOf } from "../errors.ts";
import type { Plan } from "../plans/plan.ts";
import { planInfo } from "../plans/plan-status.ts";
import type { PlanStatus, PlanTools, RunRecord } from "../plans/plan-types.ts";
import type { RunContext } from "../run-context.ts";
import type { OpenSite } from "../sites.ts";
import type { PlanFacts, SiteFacts } from "./health-facts.ts";

/** By what a site is looked at. */
export interface Gathering {
  readonly engine: RunContext;
  readonly plans: PlanTools;
  /** So long it may take, in milliseconds. */
  readonly limitMs: number;
}

/** What is known of a site now. It throws only the signal's reason: that the site can't be looked at is what is known. */
export async function gatherSite(
  { engine, plans, limitMs }: Gathering,
  site: string,
  { signal }: AbortOptions,
): Promise<SiteFacts> {
  const { clock } = engine;
  const limit = new AbortController();
  using _limit = clock.after(limitMs, () => limit.abort(tooSlow(site, limitMs)));
  const until = signal === undefined ? limit.signal : AbortSignal.any([limit.signal, signal]);
  const mine = [...engine.plans.values()].filter((plan) => plan.site === site);
  const statuses = mine.map((plan) => statusOf(engine, plans, plan, until));
  try {
    const open = await engine.sites.find(site, { signal: until });
    const looked = open === null ? null : await look(engine, open, until);
    const records = looked?.records ?? [];
    return {
      site,
      access: { status: open === null ? "none" : "reached" },
      backups: looked?.items ?? [],
      unread: looked?.unread ?? 0,
      space: looked?.space,
      plans: await planFacts(engine, mine, statuses, records),
    };
  } catch (error) {
    signal?.throwIfAborted();
    const cause = isLifeboatError(error) ? error.code : "UNKNOWN";
    const access = { status: "away", cause, message: messageOf(error) } as const;
    const known = await planFacts(engine, mine, statuses, engine.records.kept(site));
    return { site, access, backups: [], unread: 0, plans: known };
  }
}

async function look(engine: RunContext, site: OpenSite, until: AbortSignal) {
  const [{ items, unread }, records, space] = await Promise.all([
    engine.catalog.look(site, until),
    orAbort(engine.records.load(site, { signal: until }), until),
    spaceOf(site, until),
  ]);
  return { items, unread, records, space };
}

/** Room that a storage does not tell, or can't tell now, is not known. */
async function spaceOf({ context: { storage } }: OpenSite, until: AbortSignal): Promise<StorageSpace | undefined> {
  if (!storage.capabilities.space || storage.space === undefined) return undefined;
  try {
    return await orAbort(storage.space({ signal: until }), until);
  } catch {
    return undefined;
  }
}

async function planFacts(
  { instance }: RunContext,
  plans: readonly Plan[],
  statuses: readonly Promise<PlanStatus>[],
  records: readonly RunRecord[],
): Promise<readonly PlanFacts[]> {
  const all = await Promise.all(statuses);
  return plans.flatMap((plan, n): PlanFacts[] => {
    const status = all[n];
    if (status === undefined) return [];
    const own = records.filter((record) => record.plan === plan.name && record.instance === instance);
    return [{ status, records: own }];
  });
}

/** How a plan stands; where its site can't be looked at in time, what is known without it. */
async function statusOf(engine: RunContext, plans: PlanTools, plan: Plan, until: AbortSignal): Promise<PlanStatus> {
  try {
    return await orAbort(plans.status(plan.name, { signal: until }), until);
  } catch (error) {
    const warnings = [{ code: "site-away", message: messageOf(error) }] as const;
    return { ...planInfo(engine, plan), started: false, next: [], running: [], failures: 0, warnings };
  }
}

function tooSlow(site: string, limitMs: number): LifeboatError {
  return new LifeboatError({
    code: "TIMEOUT",
    operation: "health",
    key: site,
    message: `The site "${site}" did not answer within ${limitMs / 1000} s.`,
    retryable: true,
  });
}
