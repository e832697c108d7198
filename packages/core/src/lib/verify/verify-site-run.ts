import {
  type CheckLevel,
  isLifeboatError,
  LifeboatError,
  type SiteChecked,
  type SiteProblem,
} from "@lifeboat/contracts";
import { MANIFEST_NAME } from "@lifeboat/manifests";
import { damageCode, isDamage } from "../errors.ts";
import { expectManifest } from "../find-backup.ts";
import type { JobControl } from "../job.ts";
import type { RunContext } from "../run-context.ts";
import type { OpenSite } from "../sites.ts";
import { rememberResults, type VerifiedOne } from "./remember.ts";
import type { SiteVerifyOptions, SiteVerifyReport, VerifiedBackup } from "./site-verify-types.ts";
import { verifyEach } from "./verify-each.ts";

const LEVELS: readonly CheckLevel[] = ["presence", "checksum", "content"];
const MAX_PROBLEMS = 10_000;

/** Verifies a site, or a share of it. What is wrong is in the report; it fails only where it could not look. */
export async function runVerifySite(
  engine: RunContext,
  { site: name, level = "content", share }: SiteVerifyOptions,
  job: JobControl,
): Promise<SiteVerifyReport> {
  if (!LEVELS.includes(level)) throw unknownLevel(level);
  if (share !== undefined && level === "presence") throw noShareOfPresence();
  const started = new Date();
  const site = await engine.sites.open(name, job);
  using _lock = engine.locks.take({ job: job.id, kind: "read", site: name, sources: [] });
  const problems: SiteProblem[] = [];
  const counts = new Map<string, { problems: number; readonly problem: string }>();
  let problemCount = 0;
  const onProblem = (problem: SiteProblem) => {
    problemCount += 1;
    if (problems.length < MAX_PROBLEMS) problems.push(problem);
    const { id, source = "", path, code, message } = problem;
    if (id !== undefined) {
      const before = counts.get(id);
      if (before === undefined) counts.set(id, { problems: 1, problem: message });
      else before.problems += 1;
    }
    job.problem({ source, ...(path === undefined ? {} : { path }), code, message });
  };

  job.phase("verifying");
  let total = -1;
  const options = {
    share,
    signal: job.signal,
    onProblem,
    onProgress({ entries, bytes, totalBytes }: { entries: number; bytes: number; totalBytes: number }) {
      if (totalBytes !== total) job.totals({ bytes: totalBytes });
      total = totalBytes;
      job.done(entries, bytes);
    },
  };
  const { repository } = site;
  const done = await (repository.verifyAll?.(level, options) ?? verifyEach(engine, site, level, options));
  await tellOrphans(site, onProblem, job);
  const isWhole = share === undefined || repository.verifyAll === undefined;
  const now = new Date(engine.clock.now());
  await rememberResults(site, results(isWhole ? done.backups : [], counts, { level, time: now }), job);
  if (!done.remembered) {
    job.warning(
      "not-remembered",
      "What was verified could not be noted in the site: the next share may take it again.",
    );
  }
  return {
    site: name,
    level,
    ...(share === undefined ? {} : { share }),
    ok: problemCount === 0,
    backups: verdicts(done, counts),
    problems,
    problemCount,
    entries: done.entries,
    bytes: done.contentBytes,
    verified: { objects: done.objects, bytes: done.bytes },
    total: { objects: done.totalObjects, bytes: done.totalBytes },
    ...(done.oldest === undefined ? {} : { oldest: new Date(done.oldest) }),
    started,
    finished: new Date(),
  };
}

/** Folders of backups that have lost their manifest, and that no run is making. */
async function tellOrphans(
  site: OpenSite,
  onProblem: (problem: SiteProblem) => void,
  { signal }: JobControl,
): Promise<void> {
  for await (const { id, complete, late } of site.repository.list({ signal })) {
    if (complete || late !== undefined) continue;
    try {
      await expectManifest(site, id, { signal });
    } catch (error) {
      if (isLifeboatError(error, "NOT_FOUND")) continue; // it is being made, or has been deleted since
      if (!isDamage(error)) throw error;
      onProblem({ id, code: damageCode(error), message: error.message, object: MANIFEST_NAME });
    }
  }
}

type Counts = ReadonlyMap<string, { readonly problems: number; readonly problem: string }>;

/** What is kept with the backups: with those that something was found of, and those of which all was looked at. */
function results(
  whole: readonly string[],
  counts: Counts,
  { level, time }: { readonly level: CheckLevel; readonly time: Date },
): readonly VerifiedOne[] {
  return [...new Set([...whole, ...counts.keys()])].map((id) => {
    const found = counts.get(id);
    return { id, result: { level, time, ok: found === undefined, problems: 0, ...found } };
  });
}

function verdicts({ backups }: SiteChecked, counts: Counts): readonly VerifiedBackup[] {
  const ids = [...new Set([...backups, ...counts.keys()])].sort().reverse();
  return ids.map((id) => {
    const problemCount = counts.get(id)?.problems ?? 0;
    return { id, ok: problemCount === 0, problemCount };
  });
}

function unknownLevel(level: unknown): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "verify",
    key: "level",
    message: `Expected the level ${LEVELS.join(", ")} for a whole site, found ${JSON.stringify(level)}.`,
    hint: "A restore drill is made of one backup: name its id.",
  });
}

function noShareOfPresence(): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "verify",
    key: "share",
    message: 'Expected the level "checksum" or "content" with a share, found "presence", which reads none of it.',
    hint: "Leave `share` out: to look whether everything is there costs little.",
  });
}
