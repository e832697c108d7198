import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  isLifeboatError,
  type Manifest,
  type PartInfo,
  type ProblemReport,
  type RestoreCheck,
  type RestoreCheckContext,
  type RestoredEntry,
  type Source,
  type VerifyProblem,
} from "@lifeboat/contracts";
import { damageCode, isDamage, messageOf, sourceFailed } from "./errors.ts";
import type { JobControl } from "./job.ts";
import type { RunContext } from "./run-context.ts";
import type { OpenSite } from "./sites.ts";

const UNKNOWN = "source-unknown";

/** What a restore drill works on. */
export interface Drill {
  readonly site: OpenSite;
  readonly manifest: Manifest;
  readonly sources: readonly string[];
  /** Under this directory it makes a temporary one. */
  readonly parent: string;
  onProblem(problem: VerifyProblem): void;
}

/** What a restore drill came to. */
export interface Drilled {
  readonly entries: number;
  readonly bytes: number;
  readonly checks: readonly RestoreCheck[];
  /** Whether each part had a source that takes it back. */
  readonly whole: boolean;
}

/** Restores a backup into a temporary directory, which it removes, and lets the sources look at it. */
export async function drill(engine: RunContext, work: Drill, job: JobControl): Promise<Drilled> {
  const root = await mkdtemp(join(work.parent, "lifeboat-drill-"));
  try {
    const checks: RestoreCheck[] = [];
    const done = { entries: 0, bytes: 0 };
    for (const part of work.manifest.parts) {
      if (!work.sources.includes(part.source)) continue;
      const to = join(root, part.source);
      await mkdir(to, { mode: 0o700 });
      checks.push(...(await drillPart(engine, work, part, to, done, job)));
      await rm(to, { recursive: true, force: true });
    }
    return { ...done, checks, whole: !checks.some(({ code }) => code === UNKNOWN) };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function drillPart(
  engine: RunContext,
  work: Drill,
  part: PartInfo,
  to: string,
  done: { entries: number; bytes: number },
  job: JobControl,
): Promise<readonly RestoreCheck[]> {
  const source = engine.sources.get(part.source) ?? engine.unregistered?.(part.source, to);
  if (source === undefined) return [notRegistered(part.source)];
  job.phase("restoring", part.source);
  const { signal } = job;
  let failure: unknown;

  /** Keeps what reading found: a source may say no more than that it failed. */
  async function* entries(): AsyncGenerator<RestoredEntry> {
    try {
      for await (const entry of work.site.repository.read(work.manifest.id, part.source, { signal })) {
        yield entry;
        done.entries += 1;
        done.bytes += entry.size;
        job.done(done.entries, done.bytes);
      }
    } catch (error) {
      failure = error;
      throw error;
    }
  }

  const report = (problem: ProblemReport) => job.problem({ ...problem, source: part.source });
  const context = { app: engine.app, signal, mode: "replace", to, partial: false } as const;
  try {
    await source.restore({ ...context, durable: false, report }, entries());
  } catch (error) {
    signal.throwIfAborted();
    const cause = failure ?? error;
    if (isDamage(cause) || isLifeboatError(cause, "NOT_FOUND")) {
      work.onProblem({ code: damageCode(cause), message: cause.message, source: part.source });
      return [];
    }
    if (isLifeboatError(cause)) throw cause;
    return [{ level: "error", code: "restore-failed", message: messageOf(cause), source: part.source }];
  }
  if (part.counts.files > 0 && (await isEmpty(to))) return [placeIgnored(part.source)];
  return validate(source, part, context, to);
}

async function validate(
  source: Source,
  part: PartInfo,
  context: Pick<RestoreCheckContext, "app" | "signal" | "mode" | "to" | "partial">,
  directory: string,
): Promise<readonly RestoreCheck[]> {
  const { description, version, size, counts } = part;
  const entries = counts.files + counts.directories + counts.links;
  try {
    const checks = await source.validate?.({ ...context, description, version, size, entries }, directory);
    return (checks ?? []).map((check) => ({ source: source.id, ...check }));
  } catch (error) {
    throw sourceFailed(error, source.id, "validate", context.signal);
  }
}

async function isEmpty(directory: string): Promise<boolean> {
  return (await readdir(directory)).length === 0;
}

function placeIgnored(source: string): RestoreCheck {
  return {
    level: "error",
    code: "place-ignored",
    message: `The source "${source}" was to restore to another place, and restored nothing there. It may have written to its own.`,
    source,
    hint: "Its `restore` has to write beneath `context.to` where that is given. Look whether its own data is as it should be.",
  };
}

function notRegistered(source: string): RestoreCheck {
  return {
    level: "warning",
    code: UNKNOWN,
    message: `No source "${source}" is registered, so its part was not restored.`,
    source,
    hint: "Register the source, or verify at the level content.",
  };
}
