import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import type {
  AppInfo,
  EntryInfo,
  PartInfo,
  RestoreChange,
  RestoreCheck,
  RestoreCheckContext,
  RestoreMode,
  Source,
} from "@lifeboat/contracts";
import { Bits } from "./bits.ts";
import { sourceFailed } from "./errors.ts";
import { checkSourceVersion } from "./restore-checks.ts";
import type { Selection } from "./selection.ts";
import type { OpenSite } from "./sites.ts";

/** One source's share of a restore, as it is asked for. */
export interface PartRequest {
  readonly site: OpenSite;
  readonly id: string;
  readonly part: PartInfo;
  /** What takes it back. */
  readonly source: Source;
  /** Whether that is the host's own source. */
  readonly registered: boolean;
  readonly to: string | undefined;
  readonly select: readonly string[] | undefined;
  /** What {@link select} selects; `null` for everything. */
  readonly selection: Selection | null;
  readonly spare: true | readonly string[];
  readonly mode: RestoreMode;
  readonly app: AppInfo;
  readonly signal: AbortSignal;
  /** How many restores the source has been given by this engine. */
  readonly restores: number;
}

/** One source's share of a restore, worked out. */
export interface PartPlan extends PartRequest {
  readonly entries: number;
  readonly bytes: number;
  /** Which entries are there already, by their number among those that are restored. */
  readonly unchanged: Bits;
  /** Bytes of content of what is not there already. */
  readonly missing: number;
  /** Whether anything that is there would be replaced or removed. */
  readonly touches: boolean;
  readonly checks: readonly RestoreCheck[];
  /** SHA-256 over all changes. */
  readonly digest: string;
}

/** Takes what a restore would do. */
export interface ChangeSink {
  /** How many changes it wants to see one by one. */
  readonly wants: number;
  add(change: RestoreChange): void;
  /** Takes so many further entries, of so many bytes, that would be created. */
  addCreated(entries: number, bytes: number): void;
}

/** Works out what one source's share would do. */
export async function planPart(request: PartRequest, changes: ChangeSink): Promise<PartPlan> {
  const { site, id, part, source, select, selection, spare, to, mode, app, signal } = request;
  const infos = () => site.repository.entries(id, part.source, { signal });
  const entries = selection?.entries ?? part.counts.files + part.counts.directories + part.counts.links;
  const context: RestoreCheckContext = {
    app,
    signal,
    mode,
    to,
    partial: selection !== null || part.folders !== undefined,
    select,
    folders: part.folders,
    scope: part.scope,
    spare,
    description: part.description,
    version: part.version,
    size: selection?.bytes ?? part.size,
    entries,
  };
  const checks = [
    ...(request.registered ? checkSourceVersion(part.source, part.version, source.version) : []),
    ...checkSelection(part.source, selection),
  ];
  const compared =
    selection === null && to !== undefined && (await isEmptyPlace(to))
      ? await createAll(part, infos(), changes)
      : await compare(source, context, restored(infos, selection), changes);
  checks.push(...(await ownChecks(source, { ...context, size: compared.missing })));
  // What can't be compared looks the same after the restore: only counting tells that the plan was carried out.
  const digest = source.compare === undefined ? `${compared.digest} ${request.restores}` : compared.digest;
  return { ...request, ...compared, digest, entries, bytes: context.size, checks };
}

/** The entries as they are restored. */
async function* restored(
  infos: () => AsyncIterable<EntryInfo>,
  selection: Selection | null,
): AsyncGenerator<EntryInfo> {
  if (selection === null) {
    yield* infos();
    return;
  }
  if (selection.kept !== null) {
    yield* selection.kept;
    return;
  }
  const pass = selection.pass();
  for await (const info of infos()) yield* pass(info);
}

type Compared = Pick<PartPlan, "unchanged" | "missing" | "touches" | "digest">;

/** Where nothing is there, nothing need be compared: only the first changes are looked up. */
async function createAll(part: PartInfo, infos: AsyncIterable<EntryInfo>, changes: ChangeSink): Promise<Compared> {
  let entries = part.counts.files + part.counts.directories + part.counts.links;
  let bytes = part.size;
  for await (const { path, size } of infos) {
    if (changes.wants === 0 || entries === 0) break;
    changes.add({ path, action: "create", size });
    entries -= 1;
    bytes -= size;
  }
  changes.addCreated(entries, bytes);
  return { unchanged: new Bits(), missing: part.size, touches: false, digest: "all created" };
}

async function isEmptyPlace(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length === 0;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT"; // the checks say what else is wrong
  }
}

async function compare(
  source: Source,
  context: RestoreCheckContext,
  entries: AsyncIterable<EntryInfo>,
  sink: ChangeSink,
): Promise<Compared> {
  const unchanged = new Bits();
  const hash = createHash("sha256");
  let at = 0;
  let missing = 0;
  let touches = false;
  const changes = source.compare?.(context, entries) ?? replaceAll(entries);
  try {
    for await (const change of changes) {
      const { action, path, size } = change;
      hash.update(`${action}\0${JSON.stringify(path)}\0${size}\n`);
      sink.add(change);
      touches ||= action === "replace" || action === "remove";
      if (action === "unchanged") unchanged.set(at);
      else if (action !== "remove") missing += size;
      if (action !== "remove") at += 1;
    }
  } catch (error) {
    throw sourceFailed(error, source.id, "compare", context.signal);
  }
  return { unchanged, missing, touches, digest: hash.digest("hex") };
}

async function* replaceAll(entries: AsyncIterable<EntryInfo>): AsyncGenerator<RestoreChange> {
  for await (const { path, size } of entries) yield { path, action: "replace", size };
}

function checkSelection(source: string, selection: Selection | null): RestoreCheck[] {
  if (selection === null) return [];
  if (selection.entries === 0) {
    return [
      { level: "error", code: "nothing-selected", message: `The patterns match nothing in "${source}".`, source },
    ];
  }
  return selection.unmatched.map((pattern) => ({
    level: "warning",
    code: "pattern-unmatched",
    message: `The pattern ${JSON.stringify(pattern)} matches nothing in "${source}".`,
    source,
  }));
}

async function ownChecks(source: Source, context: RestoreCheckContext): Promise<RestoreCheck[]> {
  try {
    return ((await source.check?.(context)) ?? []).map((check) => ({ source: source.id, ...check }));
  } catch (error) {
    throw sourceFailed(error, source.id, "check", context.signal);
  }
}
