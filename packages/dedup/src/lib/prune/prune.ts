import type { PruneOptions, PrunePlan, PrunePlanOptions, PruneReport } from "@lifeboat/contracts";
import type { Manifests } from "@lifeboat/manifests";
import type { DedupSite } from "../dedup-site.ts";
import { executePrune } from "./execute.ts";
import { makePlan, type PlannedPrune } from "./make-plan.ts";

/** Plans prunes of a site, and carries them out. */
export interface Pruner {
  /** Docs: `Repository.planPrune`. */
  planPrune(options?: PrunePlanOptions): Promise<PrunePlan>;
  /** Docs: `Repository.prune`. */
  prune(plan: PrunePlan, options: PruneOptions): Promise<PruneReport>;
}

/** Makes a site's pruner. Does no I/O of its own. */
export function createPruner(open: () => Promise<DedupSite>, manifests: Manifests): Pruner {
  /** What plans were made from, so that it need not be read again. */
  const planned = new WeakMap<PrunePlan, PlannedPrune>();

  return {
    async planPrune(options) {
      const made = await makePlan(await open(), manifests, options);
      planned.set(made.plan, made);
      return made.plan;
    },
    async prune(plan, options) {
      const site = await open();
      options.onProgress?.({ step: "planning", packs: 0, totalPacks: plan.packs.length, bytes: 0 });
      const { giveUp, signal } = options;
      const made = planned.get(plan) ?? { ...(await makePlan(site, manifests, { giveUp, signal })), plan };
      planned.delete(plan); // it is carried out once
      return executePrune(site, manifests, made, options);
    },
  };
}
