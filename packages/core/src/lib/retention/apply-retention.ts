import { isLifeboatError, type PruneReport } from "@lifeboat/contracts";
import { deleteBackup } from "../delete-run.ts";
import type { JobControl } from "../job.ts";
import type { Plan } from "../plans/plan.ts";
import { runPrune } from "../prune-run.ts";
import type { RunContext } from "../run-context.ts";
import type { OpenSite } from "../sites.ts";
import { decideRetention } from "./preview-retention.ts";
import type { NotRemoved, PlanPruneReport, RemovedByRetention, RetentionPreview } from "./retention-types.ts";

/** How a plan's retention is applied. */
export interface ApplyOptions {
  /** Whether room is freed also where nothing was removed: others' deletions may have left some. Default: `false`. */
  readonly alwaysFree?: boolean | undefined;
  /** How long to wait for backups that are being made, in milliseconds. Default: 10 minutes. */
  readonly waitMs?: number | undefined;
}

/** So many are removed before the site is looked at anew: meanwhile others may have removed what was to stay. */
const BATCH = 20;

/**
 * Removes what a plan's retention lets go, oldest first, and then frees the room where the format does not by itself.
 * Each backup is removed under a lease of its own, and looked at once more; it may be stopped anywhere.
 *
 * @throws UNSUPPORTED for a `maxTotalSize` where backups share their content; PERMISSION_DENIED where the storage lets
 * nothing be deleted; as `prune`, once the backups are removed
 */
export async function applyPlanRetention(
  engine: RunContext,
  plan: Plan,
  site: OpenSite,
  job: JobControl,
  { alwaysFree = false, waitMs }: ApplyOptions = {},
): Promise<PlanPruneReport> {
  const removed: RemovedByRetention[] = [];
  const left: NotRemoved[] = [];
  const dealtWith = new Set<string>();
  job.phase("planning");
  let decided: RetentionPreview;
  for (;;) {
    decided = await decideRetention(engine, { plan, site, policy: plan.retention }, job);
    const going = decided.remove.filter(({ backup }) => !dealtWith.has(backup.id)).reverse();
    if (removed.length === 0) job.phase("deleting");
    job.totals({ entries: removed.length + going.length });
    for (const each of going.slice(0, BATCH)) {
      job.signal.throwIfAborted();
      const problem = await remove(engine, site, each, job);
      dealtWith.add(each.backup.id);
      if (problem === null) removed.push(each);
      else if (problem !== "gone") left.push(problem);
      job.done(removed.length, 0);
    }
    if (going.length <= BATCH) break;
  }
  const freed = removed.length > 0 || alwaysFree ? await free(engine, site, waitMs, job) : null;
  return {
    plan: plan.name,
    site: plan.site,
    removed,
    left,
    kept: decided.keep.length + left.length,
    excessBytes: decided.excessBytes,
    ...(freed === null ? {} : { freed }),
  };
}

/** Removes a backup. Answers why not, where somebody has it or has preserved it since; `gone` where another was first. */
async function remove(
  engine: RunContext,
  site: OpenSite,
  { backup: { id } }: RemovedByRetention,
  job: JobControl,
): Promise<NotRemoved | "gone" | null> {
  try {
    await deleteBackup(engine, { site: site.name, id, signal: job.signal });
    return null;
  } catch (error) {
    if (isLifeboatError(error, "NOT_FOUND")) return "gone";
    if (!isLifeboatError(error, "LOCKED") && !isLifeboatError(error, "INVALID")) throw error;
    const { code, message } = error;
    job.warning("not-removed", `The backup ${id} was to be removed, and is left for the next time: ${message}`);
    return { id, code, message };
  }
}

/** Frees the room; `null` where that needs nothing, or where another prune of the site is at it. */
async function free(
  engine: RunContext,
  site: OpenSite,
  waitMs: number | undefined,
  job: JobControl,
): Promise<PruneReport | null> {
  if (site.repository.planPrune === undefined) return null;
  try {
    return await runPrune(engine, { site: site.name, waitMs }, job);
  } catch (error) {
    if (!isLifeboatError(error, "LOCKED")) throw error;
    job.warning("not-freed", `The room is not freed yet, the next prune does it: ${error.message}`);
    return null;
  }
}
