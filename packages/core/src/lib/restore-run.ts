import {
  isLifeboatError,
  LifeboatError,
  type Problem,
  type RestoreContext,
  type VerifyProblem,
} from "@lifeboat/contracts";
import { messageOf, sourceFailed } from "./errors.ts";
import { whileQuiet } from "./hooks.ts";
import type { JobControl } from "./job.ts";
import type { PartPlan } from "./restore-part.ts";
import { type PreparedRestore, prepareRestore } from "./restore-plan.ts";
import { type RestoreCounts, restoreStream } from "./restore-stream.ts";
import type { RestoredSource, RestorePlan, RestoreReport, RestoreRequest } from "./restore-types.ts";
import type { RunContext } from "./run-context.ts";

const MAX_PROBLEMS = 1000;

/** Carries out a plan that was confirmed, if it is still what would happen. */
export async function runRestore(
  engine: RunContext,
  plan: RestorePlan,
  confirm: string,
  job: JobControl,
): Promise<RestoreReport> {
  const started = new Date();
  if (confirm !== plan.token) throw notConfirmed();
  const inPlace = plan.sources.filter(({ to }) => to === undefined).map(({ source }) => source);
  const { site, id } = plan;
  using _lock = engine.locks.take({ job: job.id, kind: "restore", site, sources: inPlace, backup: id });
  job.phase("checking");
  const prepared = await prepareRestore(engine, requestOf(plan), job.signal, engine.prepared.get(plan));
  if (!prepared.plan.ok) throw forbidden(prepared.plan);
  if (prepared.plan.token !== confirm) throw changed();
  await checkContent(prepared, job);

  const problems: Problem[] = [];
  let problemCount = 0;
  const onProblem = (problem: Problem) => {
    problemCount += 1;
    if (problems.length < MAX_PROBLEMS) problems.push(problem);
    job.problem(problem);
  };
  const onResumeFailure = ({ source, error }: { readonly source: string; readonly error: unknown }) =>
    onProblem({ source, code: isLifeboatError(error) ? error.code : "SOURCE_FAILED", message: messageOf(error) });

  job.totals({
    entries: prepared.parts.reduce((sum, { entries }) => sum + entries, 0),
    bytes: prepared.plan.changes.bytes,
  });
  for (const { part } of prepared.parts) engine.restores.set(part.source, (engine.restores.get(part.source) ?? 0) + 1);
  job.phase("quiescing");
  const quiet = prepared.parts.filter(({ to }) => to === undefined).map(({ source }) => source);
  const total = { entries: 0, bytes: 0 };
  const sources = await whileQuiet(quiet, "restore", job, onResumeFailure, async (quiesced) => {
    const done: RestoredSource[] = [];
    for (const part of prepared.parts) {
      job.phase("restoring", part.part.source);
      const restored = await restorePart(part, total, onProblem, job);
      total.entries += restored.entries;
      total.bytes += restored.bytes;
      done.push(restored);
    }
    job.phase("resuming");
    await quiesced.resume({ ok: true });
    return done;
  });
  const { checks, mode } = prepared.plan;
  return { id, site, mode, sources, ...total, problems, problemCount, checks, started, finished: new Date() };
}

async function restorePart(
  plan: PartPlan,
  before: { readonly entries: number; readonly bytes: number },
  onProblem: (problem: Problem) => void,
  job: JobControl,
): Promise<RestoredSource> {
  const { source, part, to, mode, app, select, selection } = plan;
  const counts: RestoreCounts = { entries: 0, bytes: 0, unchanged: 0 };
  const progress = () => job.done(before.entries + counts.entries, before.bytes + counts.bytes);
  const context: RestoreContext = {
    app,
    mode,
    to,
    select,
    folders: part.folders,
    scope: part.scope,
    spare: plan.spare,
    partial: selection !== null || part.folders !== undefined,
    signal: job.signal,
    report: (problem) => onProblem({ ...problem, source: part.source }),
  };
  try {
    await source.restore(context, restoreStream(plan, counts, progress, job.signal));
  } catch (error) {
    throw sourceFailed(error, part.source, "restore", job.signal);
  }
  return { source: part.source, ...(to === undefined ? {} : { to }), ...counts };
}

/**
 * Before anything is touched, the bytes of each part that is read for the most must be
 * those that were written. Where nothing is there that could be touched, or less of a
 * part is restored, that would cost more than it brings: each piece is checked as it is
 * read.
 */
async function checkContent({ site, plan, parts }: PreparedRestore, job: JobControl): Promise<void> {
  const whole = parts.filter(({ touches, missing, part }) => touches && missing > 0 && 2 * missing >= part.size);
  if (whole.length === 0) return;
  const found: VerifyProblem[] = [];
  await site.repository.verify(plan.id, "checksum", {
    sources: whole.map(({ part }) => part.source),
    signal: job.signal,
    onProblem: (problem) => found.push(problem),
  });
  if (found[0] === undefined) return;
  throw new LifeboatError({
    code: found[0].code,
    operation: "restore",
    key: plan.id,
    message: `Nothing was restored, because the backup is not what was written: ${found[0].message}`,
    hint: "Restore from another backup; engine.verify tells all that is wrong with this one.",
  });
}

function requestOf({ site, id, mode, sources }: RestorePlan): RestoreRequest {
  const select = Object.fromEntries(sources.map((each) => [each.source, each.select ?? (true as const)]));
  const to = Object.fromEntries(sources.flatMap((each) => (each.to === undefined ? [] : [[each.source, each.to]])));
  return { site, id, mode, select, to };
}

function notConfirmed(): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "restore",
    message: "The token does not confirm this plan.",
    hint: "Pass { confirm: plan.token } once the plan has been looked at and agreed to.",
  });
}

function forbidden({ id, checks }: RestorePlan): LifeboatError {
  const errors = checks.filter(({ level }) => level === "error");
  return new LifeboatError({
    code: "INVALID",
    operation: "restore",
    key: id,
    message: `The plan has checks that forbid it: ${errors.map(({ message }) => message).join(" ")}`,
    hint: errors[0]?.hint ?? "Look at plan.checks.",
  });
}

function changed(): LifeboatError {
  return new LifeboatError({
    code: "CONFLICT",
    operation: "restore",
    message: "What the restore would do has changed since it was planned, so nothing was touched.",
    hint: "Plan it again with engine.planRestore, look at the changes, and confirm the new token.",
  });
}
