import { parseDuration } from "../plans/duration.ts";
import type { PlanTools } from "../plans/plan-types.ts";
import { parseSize } from "../plans/size.ts";
import type { RunContext } from "../run-context.ts";
import { assessHealth } from "./assess.ts";
import { gatherSite } from "./gather.ts";
import type { HealthRules } from "./health-facts.ts";
import type { HealthOptions, HealthReport, HealthRequest } from "./health-types.ts";

/** Tells how everything is. */
export type Health = (request?: HealthRequest) => Promise<HealthReport>;

/**
 * Reads what counts as healthy.
 *
 * @throws INVALID
 */
export function readHealthRules({ verifyWithin = "31d", minFree }: HealthOptions = {}): HealthRules {
  return {
    verifyWithinMs: parseDuration(verifyWithin, "health.verifyWithin"),
    minFree: minFree === undefined ? null : parseSize(minFree, "health.minFree"),
  };
}

/** Makes what looks at all sites at once and judges what it finds. */
export function createHealth(engine: RunContext, plans: PlanTools, rules: HealthRules): Health {
  return async ({ site, within = "10s", signal } = {}) => {
    signal?.throwIfAborted();
    const limitMs = parseDuration(within, "within");
    const names = site === undefined ? engine.sites.names : [site];
    for (const name of names) engine.sites.options(name); // unknown, or the engine is closed
    const gathering = { engine, plans, limitMs };
    const sites = await Promise.all(names.map((name) => gatherSite(gathering, name, { signal })));
    return assessHealth({ instance: engine.instance, rules, sites }, engine.clock.now());
  };
}
