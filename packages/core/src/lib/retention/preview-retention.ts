import { type AbortOptions, LifeboatError } from "@lifeboat/contracts";
import { applyRetention, assertRetentionPolicy, describeReasons, type RetentionPolicy } from "@lifeboat/retention";
import { findPlan } from "../plans/find-plan.ts";
import type { Plan } from "../plans/plan.ts";
import { sourceChoice } from "../plans/plan.ts";
import type { RunContext } from "../run-context.ts";
import type { OpenSite } from "../sites.ts";
import { ownBackups } from "./own-backups.ts";
import type { RetentionPreview } from "./retention-types.ts";

/** Options of `engine.plans.preview`. */
export interface PreviewOptions extends AbortOptions {
  /** Another policy than the plan's, to see what it would do. */
  readonly retention?: RetentionPolicy | undefined;
}

/** Works out what a plan's retention would do. Touches nothing. */
export async function previewRetention(
  engine: RunContext,
  name: string,
  { retention, signal }: PreviewOptions = {},
): Promise<RetentionPreview> {
  const plan = findPlan(engine, name, "plans.preview");
  if (retention !== undefined) assertRetentionPolicy(retention);
  const site = await engine.sites.find(plan.site, { signal });
  return decideRetention(engine, { plan, site, policy: retention ?? plan.retention }, { signal });
}

/** What retention is decided by. */
export interface RetentionQuestion {
  readonly plan: Plan;
  /** `null`: there is none yet, so nothing of the plan either. */
  readonly site: OpenSite | null;
  readonly policy: RetentionPolicy | null;
}

/** Looks at a plan's backups as they are now, and decides. */
export async function decideRetention(
  engine: RunContext,
  { plan, site, policy }: RetentionQuestion,
  options: AbortOptions,
): Promise<RetentionPreview> {
  const items = site === null ? [] : await engine.catalog.list(site, options);
  if (site !== null && policy?.maxTotalSize !== undefined) expectSizes(site);
  const { own, others, damaged } = ownBackups(items, { instance: engine.instance, plan: plan.name });
  const about = { plan: plan.name, site: plan.site, policy, others, damaged };
  if (policy === null) {
    const keep = own.map(({ backup }) => ({ backup, reasons: [], text: "kept: the plan has no retention" }));
    return { ...about, keep, remove: [], excessBytes: 0 };
  }
  const now = new Date(engine.clock.now());
  const sources = knownSources(engine, plan);
  const { keep, remove, excessBytes } = applyRetention(own, policy, { now, timeZone: plan.timeZone, sources });
  return {
    ...about,
    keep: keep.map(({ backup, reasons }) => ({ backup: backup.backup, reasons, text: describeReasons(reasons) })),
    remove: remove.map(({ backup, reasons }) => ({ backup: backup.backup, reasons, text: describeReasons(reasons) })),
    excessBytes,
  };
}

/** Those that are registered, and those that the plan names: a plugin may not have brought its own yet. */
function knownSources({ sources }: RunContext, plan: Plan): readonly string[] {
  const choice = sourceChoice(plan, sources) ?? [];
  return [...sources.all().map(({ id }) => id), ...(Array.isArray(choice) ? choice : Object.keys(choice))];
}

/** What a backup takes by itself can't be told where backups share their content. */
function expectSizes({ name, repository }: OpenSite): void {
  if (repository.planPrune === undefined) return;
  throw new LifeboatError({
    code: "UNSUPPORTED",
    operation: "plans.prune",
    key: name,
    message: `The site "${name}" can't keep to a maxTotalSize: its backups share their content, so none has a size of its own.`,
    hint: "Give the plan counts or durations instead, such as keepDaily: 7, or a site of the archive format.",
  });
}
