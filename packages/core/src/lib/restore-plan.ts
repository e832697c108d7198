import { createHash } from "node:crypto";
import { isAbsolute, resolve } from "node:path";
import {
  type EntryInfo,
  LifeboatError,
  type Manifest,
  type PartInfo,
  type RestoreChange,
  type RestoreCheck,
} from "@lifeboat/contracts";
import { isDamage } from "./errors.ts";
import { expectManifest } from "./find-backup.ts";
import { compilePatterns } from "./patterns.ts";
import { checkApp, checkDestinations, checkOverlap, type Destination, type Place } from "./restore-checks.ts";
import { type ChangeSink, type PartPlan, planPart } from "./restore-part.ts";
import type { PlannedChange, RestorePlan, RestoreRequest } from "./restore-types.ts";
import type { RunContext } from "./run-context.ts";
import { type Selection, selectEntries } from "./selection.ts";
import type { OpenSite } from "./sites.ts";

/** A plan, and what carrying it out needs beyond its data. */
export interface PreparedRestore {
  readonly plan: RestorePlan;
  readonly site: OpenSite;
  readonly manifest: Manifest;
  readonly parts: readonly PartPlan[];
  /** What the backup was found to lack, and when, by the engine's monotonic clock. */
  readonly presence: { readonly checks: readonly RestoreCheck[]; readonly at: number };
}

/** So long, in milliseconds, a look at whether all of a backup is there need not be repeated. */
const PRESENCE_MS = 60_000;
const MAX_CHANGES = 1000;

/**
 * Works out what a restore would do. Touches nothing.
 *
 * @param earlier what was worked out before of the same request: what only depends on the backup is taken from it
 */
export async function prepareRestore(
  engine: RunContext,
  request: RestoreRequest,
  signal: AbortSignal,
  earlier?: PreparedRestore,
): Promise<PreparedRestore> {
  const { id } = request;
  assertRequest(request);
  const site = await engine.sites.open(request.site, { signal });
  await expectManifest(site, id, { signal });
  const manifest = await site.repository.manifest(id, { signal });
  const changes = tally();
  const checks: RestoreCheck[] = [];
  const parts: PartPlan[] = [];
  const chosen = choose(manifest, request, checks);
  // What lies elsewhere is not this source's to clear away, unless somebody says so.
  const elsewhere = chosen.every(({ source }) => own(request.to, source) !== undefined);
  const mode = request.mode ?? (elsewhere ? "merge" : "replace");
  const known = earlier?.site === site && isSame(earlier.manifest, manifest) ? earlier : undefined;
  const { selections, unreadable } = await selectParts(request, chosen, known, { site, signal });
  const presence =
    known !== undefined && engine.clock.monotonic() - known.presence.at < PRESENCE_MS
      ? known.presence
      : {
          at: engine.clock.monotonic(),
          checks: await checkPresence(site, id, chosen, selections, signal),
        };
  checks.push(...presence.checks);
  const damaged = new Set(checks.flatMap((check) => (check.code === "integrity" ? [check.source] : [])));
  for (const part of chosen) {
    const to = own(request.to, part.source);
    const select = own(request.select, part.source);
    const registered = engine.sources.get(part.source);
    const source = registered ?? (to === undefined ? undefined : engine.unregistered?.(part.source, to));
    if (source === undefined) checks.push(notRegistered(part.source, engine.unregistered !== undefined));
    if (source === undefined || damaged.has(part.source)) continue;
    const lost = unreadable.get(part.source);
    if (lost !== undefined) throw lost;
    const planned = await planPart(
      {
        site,
        id,
        part,
        source,
        to,
        mode,
        signal,
        app: engine.app,
        registered: registered !== undefined,
        select: select === true ? undefined : select,
        selection: selections.get(part.source) ?? null,
        spare: untaken(manifest, part),
        restores: engine.restores.get(part.source) ?? 0,
      },
      changes.of(part.source),
    );
    checks.push(...planned.checks);
    parts.push(planned);
  }
  checks.push(...checkApp(manifest.app, engine.app, elsewhere));
  checks.push(...checkOverlap(parts.flatMap(place)));
  checks.push(...(await checkDestinations(parts.flatMap(destination))));
  const draft: Omit<RestorePlan, "token"> = {
    id,
    site: request.site,
    mode,
    sources: chosen.map((part) => {
      const planned = parts.find((each) => each.part === part);
      const select = own(request.select, part.source);
      const to = own(request.to, part.source);
      return {
        source: part.source,
        ...(to === undefined ? {} : { to }),
        ...(select === undefined || select === true ? {} : { select }),
        entries: planned?.entries ?? 0,
        bytes: planned?.bytes ?? 0,
      };
    }),
    checks,
    changes: changes.total(),
    ok: checks.every(({ level }) => level !== "error"),
  };
  return { plan: { ...draft, token: tokenOf(draft, manifest, parts) }, site, manifest, parts, presence };
}

/**
 * What stands for a plan: the backup's bytes, what is selected and where it goes,
 * every single change, and which checks speak against it. Free space and the like,
 * which never stand still, do not count as long as they are enough.
 */
function tokenOf(plan: Omit<RestorePlan, "token">, manifest: Manifest, parts: readonly PartPlan[]): string {
  const { id, site, mode, sources, checks, changes } = plan;
  const { entries: _first, ...counts } = changes;
  const objects = manifest.parts.flatMap((part) => part.objects.map(({ name, sha256 }) => [name, sha256]));
  const digests = parts.map(({ part, digest }) => [part.source, digest]);
  const found = checks.map(({ level, code, source }) => [level, code, source ?? ""]);
  const text = JSON.stringify({ id, siteId: manifest.siteId, site, mode, sources, objects, digests, found, counts });
  return createHash("sha256").update(text).digest("hex");
}

/** A member of its own: an id may be the name of something that every object has. */
function own<T>(members: { readonly [source: string]: T } | undefined, source: string): T | undefined {
  return members !== undefined && Object.hasOwn(members, source) ? members[source] : undefined;
}

/** What the backup could not take of a source. */
function untaken({ problems, rebuilt }: Manifest, { source, problemCount }: PartInfo): true | readonly string[] {
  if (rebuilt === true) return true; // the parts don't know what was not put into them
  const own = problems.filter((problem) => problem.source === source);
  if (own.length < problemCount || own.some(({ path }) => path === undefined)) return true;
  return own.flatMap(({ path }) => path ?? []);
}

/** The parts that are restored. */
function choose(manifest: Manifest, { select, to }: RestoreRequest, checks: RestoreCheck[]): PartInfo[] {
  const known = manifest.parts.map(({ source }) => source);
  const asked = select === undefined ? known : Object.keys(select).filter((source) => select[source] !== undefined);
  for (const source of new Set([...asked, ...Object.keys(to ?? {})])) {
    if (known.includes(source)) continue;
    const message = `The backup has no source "${source}"; it has: ${known.join(", ")}.`;
    checks.push({ level: "error", code: "source-absent", message, source });
  }
  if (asked.length === 0) checks.push({ level: "error", code: "nothing-selected", message: "No source is selected." });
  return manifest.parts.filter(({ source }) => asked.includes(source));
}

function isSame(a: Manifest, b: Manifest): boolean {
  const objects = ({ id, siteId, parts }: Manifest) =>
    JSON.stringify([id, siteId, parts.map((part) => [part.source, part.counts, part.objects])]);
  return objects(a) === objects(b);
}

/** What is selected of each part of which not everything is; nothing of one whose list can't be read. */
async function selectParts(
  { id, select }: RestoreRequest,
  parts: readonly PartInfo[],
  known: PreparedRestore | undefined,
  { site, signal }: { readonly site: OpenSite; readonly signal: AbortSignal },
) {
  const selections = new Map<string, Selection>();
  const unreadable = new Map<string, LifeboatError>();
  for (const { source } of parts) {
    const texts = own(select, source);
    if (texts === undefined || texts === true) continue;
    const before = known?.parts.find(({ part }) => part.source === source)?.selection;
    try {
      const infos = () => site.repository.entries(id, source, { signal });
      selections.set(source, before ?? (await selectEntries(compilePatterns(texts), infos)));
    } catch (error) {
      if (!isDamage(error)) throw error;
      unreadable.set(source, error); // the check for presence tells all that is damaged
    }
  }
  return { selections, unreadable };
}

async function checkPresence(
  { repository }: OpenSite,
  id: string,
  parts: readonly PartInfo[],
  selections: ReadonlyMap<string, Selection>,
  signal: AbortSignal,
): Promise<RestoreCheck[]> {
  const checks: RestoreCheck[] = [];
  const [first, ...others] = parts;
  const only = first === undefined || others.length > 0 ? undefined : selections.get(first.source);
  await repository.verify(id, "presence", {
    sources: parts.map(({ source }) => source),
    ...(only === undefined ? {} : { select: (entry: EntryInfo) => only.needs(entry) }),
    signal,
    onProblem({ message, source }) {
      const named = source === undefined ? {} : { source };
      checks.push({ level: "error", code: "integrity", message, ...named, hint: "Restore from another backup." });
    },
  });
  return checks;
}

function tally() {
  const counts = { create: 0, replace: 0, unchanged: 0, remove: 0 };
  const entries: PlannedChange[] = [];
  let bytes = 0;
  const add = (source: string, { path, action, size }: RestoreChange) => {
    counts[action] += 1;
    if (action === "unchanged") return;
    if (action !== "remove") bytes += size;
    if (entries.length < MAX_CHANGES) entries.push({ source, path, action, size });
  };
  return {
    of: (source: string): ChangeSink => ({
      get wants() {
        return MAX_CHANGES - entries.length;
      },
      add: (change) => add(source, change),
      addCreated(count, size) {
        counts.create += count;
        bytes += size;
      },
    }),
    total: () => ({
      ...counts,
      bytes,
      entries,
      truncated: counts.create + counts.replace + counts.remove > entries.length,
    }),
  };
}

function place({ part, to, mode, selection }: PartPlan): Place[] {
  const clears = mode === "replace" && selection === null && part.folders === undefined;
  return to === undefined ? [] : [{ source: part.source, to, clears }];
}

/** Where a source that looks after nothing itself is restored to. */
function destination({ source, part, to, bytes }: PartPlan): Destination[] {
  return to === undefined || source.check !== undefined ? [] : [{ source: part.source, to, bytes }];
}

function assertRequest({ to, mode = "replace" }: RestoreRequest): void {
  if (!["replace", "merge", "missing"].includes(mode)) {
    throw invalid(`Expected the mode replace, merge or missing, found ${JSON.stringify(mode)}.`);
  }
  if (to !== undefined && (typeof to !== "object" || to === null)) {
    throw invalid(`Expected the directories by source id, to: { media: "/somewhere" }, found ${JSON.stringify(to)}.`);
  }
  for (const [source, directory] of Object.entries(to ?? {})) {
    if (directory !== undefined && isAbsolute(directory) && resolve(directory) === directory.replace(/(?<=.)\/+$/, ""))
      continue;
    throw invalid(`Expected an absolute directory for "${source}", found ${JSON.stringify(directory)}.`);
  }
}

function invalid(message: string): LifeboatError {
  return new LifeboatError({ code: "INVALID", operation: "restore.plan", message });
}

function notRegistered(source: string, elsewhere: boolean): RestoreCheck {
  return {
    level: "error",
    code: "source-unknown",
    message: `No source "${source}" is registered, so nothing can take its data back.`,
    source,
    hint: elsewhere
      ? `Register it, or restore it to a directory: to: { "${source}": "/somewhere" }.`
      : "Register it first.",
  };
}
