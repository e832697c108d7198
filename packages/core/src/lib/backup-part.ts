import {
  type AppInfo,
  type BackupContext,
  type BackupWriter,
  type Json,
  orAbort,
  type PartInfo,
  type Problem,
  type Source,
  type SourceEntry,
} from "@lifeboat/contracts";
import { sourceFailed } from "./errors.ts";
import type { JobControl } from "./job.ts";
import type { ChosenSource } from "./sources.ts";

/** So long may a source's description be, as JSON. */
const MAX_DESCRIPTION = 65_536;
/** So long may what it says of its own extent be. */
const MAX_SCOPE = 1_048_576;

/** What a part is written with. */
export interface PartRun {
  readonly app: AppInfo;
  readonly writer: BackupWriter;
  readonly job: JobControl;
  /** The directories of this machine that sites lie in. */
  readonly sites: readonly string[];
  onProblem(problem: Problem): void;
  /** What the parts before it came to. */
  readonly done: { readonly entries: number; readonly bytes: number };
}

/** Writes one source's part. */
export async function writePart({ source, selection }: ChosenSource, run: PartRun): Promise<PartInfo> {
  const { app, writer, job, done } = run;
  const { signal } = job;
  const report: BackupContext["report"] = (problem) => run.onProblem({ ...problem, source: source.id });
  const warn: BackupContext["warn"] = (code, message) => job.warning(code, `${source.id}: ${message}`);
  const context: BackupContext = { app, signal, sites: run.sites, report, warn, ...selection };
  const start = {
    source: source.id,
    title: source.title,
    version: source.version,
    description: await describe(source, context),
    sections: selection.sections,
    folders: selection.folders,
    scope: await scopeOf(source, context),
  };
  return writer.part(start, guarded(source, context), {
    signal,
    onProblem: report,
    onProgress: ({ entries, bytes }) => job.done(done.entries + entries, done.bytes + bytes),
  });
}

async function describe(source: Source, context: BackupContext): Promise<Readonly<Record<string, Json>>> {
  try {
    const description = await orAbort(Promise.resolve(source.describe?.(context)), context.signal);
    return description === undefined ? {} : plainDescription(description);
  } catch (error) {
    throw sourceFailed(error, source.id, "describe", context.signal);
  }
}

/** What the source says that this backup takes; `null` where that is too long to be kept. */
async function scopeOf(source: Source, context: BackupContext): Promise<PartInfo["scope"]> {
  try {
    const scope = await orAbort(Promise.resolve(source.scope?.(context)), context.signal);
    if (scope === undefined) return undefined;
    const text = JSON.stringify(scope);
    return text.length > MAX_SCOPE ? null : plain(text);
  } catch (error) {
    throw sourceFailed(error, source.id, "scope", context.signal);
  }
}

/** A description as JSON carries it, and small enough to be listed with thousands of others. */
function plainDescription(description: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> {
  const text = JSON.stringify(description);
  if (text.length > MAX_DESCRIPTION) throw new Error(`its answer takes more than ${MAX_DESCRIPTION} characters`);
  return plain(text);
}

function plain(text: string): Readonly<Record<string, Json>> {
  return JSON.parse(text, (name: string, value: Json) => {
    if (name === "__proto__") throw new Error('its answer has a member "__proto__"');
    return value;
  });
}

/** The source's entries; what it throws is coded as its failure. */
async function* guarded(source: Source, context: BackupContext): AsyncGenerator<SourceEntry> {
  try {
    for await (const entry of source.entries(context)) {
      context.signal.throwIfAborted();
      yield entry;
    }
  } catch (error) {
    throw sourceFailed(error, source.id, "entries", context.signal);
  }
}
