import {
  type CheckLevel,
  LifeboatError,
  type Manifest,
  type RestoreCheck,
  type VerifyProblem,
} from "@lifeboat/contracts";
import { LABELS_NAME, MANIFEST_NAME } from "@lifeboat/manifests";
import { drill } from "./drill.ts";
import { damageCode, isDamage } from "./errors.ts";
import { expectManifest } from "./find-backup.ts";
import type { JobControl } from "./job.ts";
import type { RunContext } from "./run-context.ts";
import { rememberResults } from "./verify/remember.ts";

/**
 * How thoroughly to verify:
 * - `presence`: every object is there, with its size
 * - `checksum`: its bytes have the SHA-256 of the manifest
 * - `content`: all of it opens, and every entry matches
 * - `restore`: it is restored into a temporary directory, and the sources look whether it makes sense
 */
export type VerifyLevel = CheckLevel | "restore";

/** What is verified. */
export interface VerifyRequest {
  readonly site: string;
  readonly id: string;
  /** Default: `content`. */
  readonly level?: VerifyLevel | undefined;
  /** Only these sources. Default: all of the backup. */
  readonly sources?: readonly string[] | undefined;
}

/** What verifying found. */
export interface VerifyReport {
  readonly id: string;
  readonly site: string;
  readonly level: VerifyLevel;
  /** Whether nothing is wrong. */
  readonly ok: boolean;
  /** The first problems, at most 1,000. */
  readonly problems: readonly VerifyProblem[];
  readonly problemCount: number;
  /** What the sources said after a restore drill. */
  readonly checks: readonly RestoreCheck[];
  readonly entries: number;
  /** Bytes of content. */
  readonly bytes: number;
  readonly started: Date;
  readonly finished: Date;
}

const LEVELS: readonly VerifyLevel[] = ["presence", "checksum", "content", "restore"];

const MAX_PROBLEMS = 1000;

/** Verifies a backup. What is wrong with it is in the report; it fails only where it could not look. */
export async function runVerify(engine: RunContext, request: VerifyRequest, job: JobControl): Promise<VerifyReport> {
  const { id, level = "content" } = request;
  if (!LEVELS.includes(level)) throw unknownLevel(level);
  if (request.sources?.length === 0) throw nothingToVerify(id);
  const started = new Date();
  const site = await engine.sites.open(request.site, job);
  using _lock = engine.locks.take({ job: job.id, kind: "read", site: request.site, sources: [], backup: id });
  const problems: VerifyProblem[] = [];
  let problemCount = 0;
  const onProblem = (problem: VerifyProblem) => {
    problemCount += 1;
    if (problems.length < MAX_PROBLEMS) problems.push(problem);
    const { source = "", path, code, message } = problem;
    job.problem({ source, ...(path === undefined ? {} : { path }), code, message });
  };
  let done = { entries: 0, bytes: 0 };
  let checks: readonly RestoreCheck[] = [];
  let isWhole = true;

  job.phase("verifying");
  const manifest = await readManifest();
  if (manifest !== null) {
    const sources = chosen(manifest);
    const parts = manifest.parts.filter(({ source }) => sources.includes(source));
    isWhole = parts.length === manifest.parts.length;
    const bytes = parts.reduce((sum, part) => sum + (level === "checksum" ? part.storedSize : part.size), 0);
    job.totals({
      bytes,
      entries: parts.reduce((sum, { counts }) => sum + counts.files + counts.directories + counts.links, 0),
    });
    if (level === "restore") {
      const drilled = await drill(
        engine,
        { site, manifest, sources, parent: engine.temporaryDirectory, onProblem },
        job,
      );
      done = drilled;
      checks = drilled.checks;
      isWhole &&= drilled.whole;
    } else {
      const checked = await site.repository.verify(id, level, {
        sources,
        signal: job.signal,
        onProblem,
        onProgress: (now) => job.done(now.entries, level === "checksum" ? now.storedBytes : now.bytes),
      });
      if (checked.remembered === false) job.warning("not-remembered", NOT_REMEMBERED);
      done = checked;
    }
  }
  const errors = checks.filter((check) => check.level === "error");
  const ok = problemCount === 0 && errors.length === 0;
  // What was looked at in part is no evidence that all of it is good.
  if (!ok || isWhole) {
    const problem = problems[0]?.message ?? errors[0]?.message;
    const found = { ok, problems: problemCount + errors.length, ...(problem === undefined ? {} : { problem }) };
    const result = { level, time: new Date(engine.clock.now()), ...found };
    await rememberResults(site, [{ id, result }], job);
  }
  return {
    id,
    site: request.site,
    level,
    ok,
    problems,
    problemCount,
    checks,
    entries: done.entries,
    bytes: done.bytes,
    started,
    finished: new Date(),
  };

  /** A manifest that can't be read is what is wrong; a backup that is absent is not there to verify. */
  async function readManifest(): Promise<Manifest | null> {
    await orProblem(LABELS_NAME, () => site.repository.labels(id, job));
    return orProblem(MANIFEST_NAME, async () => {
      await expectManifest(site, id, job);
      return site.repository.manifest(id, job);
    });
  }

  async function orProblem<T>(object: string, read: () => Promise<T>): Promise<T | null> {
    try {
      return await read();
    } catch (error) {
      if (!isDamage(error)) throw error;
      onProblem({ code: damageCode(error), message: error.message, object });
      return null;
    }
  }

  function chosen(manifest: Manifest): string[] {
    const all = manifest.parts.map(({ source }) => source);
    for (const source of request.sources ?? []) {
      if (!all.includes(source))
        onProblem({ code: "NOT_FOUND", message: `The backup has no source "${source}".`, source });
    }
    return all.filter((source) => request.sources?.includes(source) ?? true);
  }
}

const NOT_REMEMBERED =
  "What is lost could not be noted in the site: later backups may rely on it until engine.repair({ site }) was run.";

function unknownLevel(level: unknown): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "verify",
    key: "level",
    message: `Expected the level ${LEVELS.join(", ")}, found ${JSON.stringify(level)}.`,
  });
}

function nothingToVerify(id: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "verify",
    key: id,
    message: "Expected at least one source to verify, found none.",
    hint: "Leave `sources` out to verify all of the backup.",
  });
}
