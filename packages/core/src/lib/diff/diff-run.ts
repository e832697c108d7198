import { type AbortOptions, LifeboatError, type Manifest, type PartInfo } from "@lifeboat/contracts";
import type { BackupAddress } from "../backups.ts";
import { expectManifest } from "../find-backup.ts";
import type { RunContext } from "../run-context.ts";
import type { OpenSite } from "../sites.ts";
import { compareEntries } from "./compare-entries.ts";
import { DiffCounter, sumOf } from "./diff-counter.ts";
import type { BackupDiff, DiffOptions, DiffSummary, EntryChange, SourceDiff } from "./diff-types.ts";
import { type DiffSide, pairParts } from "./part-pairs.ts";

/** Compares two backups, once that is asked for. */
export function diffBackups(
  engine: RunContext,
  a: BackupAddress,
  b: BackupAddress,
  options: DiffOptions = {},
): BackupDiff {
  let known: DiffSummary | undefined;

  async function* changes(): AsyncGenerator<EntryChange> {
    const signal = anyOf([options.signal, a.signal, b.signal]);
    using _first = engine.locks.take({ job: "diff", kind: "read", site: a.site, sources: [], backup: a.id });
    using _second = engine.locks.take({ job: "diff", kind: "read", site: b.site, sources: [], backup: b.id });
    const first = await openBackup(engine, a, { signal });
    const second = await openBackup(engine, b, { signal });
    const sources: SourceDiff[] = [];
    for (const source of chooseParts(first.manifest, second.manifest, options.sources)) {
      const counter = new DiffCounter();
      const [before, after] = [sideOf(first, source), sideOf(second, source)];
      for await (const change of diffSource(source, before, after, { ...options, signal })) {
        counter.add(change);
        if (change.change !== "unchanged" || options.unchanged === true) yield change;
      }
      sources.push({ source, ...scopeOf(before.part, after.part), ...counter.counts(before.part, after.part) });
    }
    known = sumOf(sources);
  }

  return {
    [Symbol.asyncIterator]: () => changes(),
    async summary() {
      if (known === undefined) for await (const _ of changes());
      if (known === undefined) throw new Error("A comparison that went to its end has numbers.");
      return known;
    },
  };
}

async function* diffSource(
  source: string,
  before: DiffSide,
  after: DiffSide,
  { content = "listed", metadata = true, unchanged = false, signal }: DiffOptions,
): AsyncGenerator<EntryChange> {
  for await (const pair of pairParts(before, after, { content, shorten: !unchanged, signal })) {
    signal?.throwIfAborted();
    const { path } = pair.before ?? pair.after ?? { path: "" };
    if (pair.before === undefined) {
      if (pair.after !== undefined) yield { change: "created", source, path, after: pair.after };
    } else if (pair.after === undefined) yield { change: "removed", source, path, before: pair.before };
    else {
      const { differences, ...evidence } = compareEntries(pair.before, pair.after, { metadata });
      const entry = { source, path, before: pair.before, after: pair.after, ...evidence };
      yield differences.length === 0 ? { change: "unchanged", ...entry } : { change: "changed", ...entry, differences };
    }
  }
}

interface OpenBackup {
  readonly site: OpenSite;
  readonly manifest: Manifest;
}

async function openBackup(
  engine: RunContext,
  { site: name, id }: BackupAddress,
  options: AbortOptions,
): Promise<OpenBackup> {
  const site = await engine.sites.open(name, options);
  await expectManifest(site, id, options);
  return { site, manifest: await site.repository.manifest(id, options) };
}

function sideOf({ site, manifest }: OpenBackup, source: string): DiffSide {
  return { site, id: manifest.id, part: manifest.parts.find((part) => part.source === source) };
}

/** @throws NOT_FOUND where one is asked for that neither backup has */
function chooseParts(first: Manifest, second: Manifest, wanted: DiffOptions["sources"]): string[] {
  const all = [...new Set([...first.parts, ...second.parts].map(({ source }) => source))];
  const unknown = wanted?.find((source) => !all.includes(source));
  if (unknown === undefined) return all.filter((source) => wanted?.includes(source) ?? true);
  throw new LifeboatError({
    code: "NOT_FOUND",
    operation: "diff",
    key: unknown,
    message: `Neither backup has a source "${unknown}"; they have: ${all.join(", ") || "none"}.`,
  });
}

function scopeOf(before: PartInfo | undefined, after: PartInfo | undefined): Pick<SourceDiff, "in" | "sameScope"> {
  if (before === undefined) return { in: "second", sameScope: false };
  if (after === undefined) return { in: "first", sameScope: false };
  const extent = ({ folders, sections, scope }: PartInfo) =>
    JSON.stringify([folders?.toSorted() ?? null, sections?.toSorted() ?? null, scope ?? null]);
  return { in: "both", sameScope: extent(before) === extent(after) };
}

function anyOf(signals: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
  const given = signals.filter((signal) => signal !== undefined);
  return given.length === 0 ? undefined : AbortSignal.any(given);
}
