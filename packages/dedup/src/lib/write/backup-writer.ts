import { createHash } from "node:crypto";
import { setMaxListeners } from "node:events";
import {
  type AbortOptions,
  type BackupStart,
  type BackupWriter,
  type LifeboatError,
  orAbort,
  type PartOptions,
  type SourceEntry,
} from "@lifeboat/contracts";
import { setupCodec } from "@lifeboat/frames";
import { backupKey, type Manifests } from "@lifeboat/manifests";
import { gearTable } from "../chunk/gear-table.ts";
import type { ChunkProfile } from "../chunk/profile.ts";
import type { DedupSite } from "../dedup-site.ts";
import { listPacks, loadIndex, missingPacks, noting, reliable } from "../index/load.ts";
import { siteLocator } from "../index/locator.ts";
import type { SiteIndex } from "../index/site-index.ts";
import { createIndexWriter } from "../index/writer.ts";
import { MAX_LIST_PACKS } from "../list/limits.ts";
import { encodePartObject, partName } from "../list/part-object.ts";
import { packTarget } from "../pack/limits.ts";
import type { ChunkLocator } from "../read/chunk-map.ts";
import { hintedLocator } from "../read/hinted-locator.ts";
import { openReading } from "../read/reading.ts";
import { markLost, notNoted } from "../session/mark-lost.ts";
import { packsToAvoid, readMarks } from "../session/marks.ts";
import { assertShown } from "../session/missing-packs.ts";
import { chunkIdKey, chunkTableSeed } from "../site-key.ts";
import { metadataOf } from "./metadata.ts";
import { PackLine } from "./pack-line.ts";
import { type PreviousPart, previousParts } from "./previous.ts";
import { previousList } from "./previous-list.ts";
import { PartWriter, type WrittenPart } from "./write-part.ts";

/** What backups of a site are written with. */
export interface WriteSite {
  readonly site: DedupSite;
  readonly profile: ChunkProfile;
  readonly manifests: Manifests;
  /** zstd's, 1 to 19. */
  readonly level: number;
}

/** Begins a backup: W2 of docs/spec/dedup.md, "Writing". The run's lease is there already. */
export async function beginBackup(
  { site, profile, manifests, level }: WriteSite,
  start: BackupStart,
  options: AbortOptions = {},
): Promise<BackupWriter> {
  const { context, key, tools, clock } = site;
  const { storage, threads, siteId } = context;
  const gear = gearTable(chunkTableSeed(key));
  const stop = new AbortController();
  const now = () => clock.now();
  const { signal } = stop;
  setMaxListeners(0, signal); // each task and put that is under way has one
  const avoid = packsToAvoid(await readMarks(context, options)); // before packs are listed: the two must not change places
  /** Written last but the manifest: they must not be there before all that they need. */
  const parts = new Map<string, Uint8Array>();
  /** Whether packs are gone that the index names: previous backups may need them. */
  let lacks = false;
  /** Why the site does not tell of them, until somebody was told. */
  let unnoted: LifeboatError | null = null;
  let indexed: Promise<{ readonly index: SiteIndex; readonly siteBytes: number }> | undefined;
  let opened:
    | Promise<{ readonly line: PackLine; readonly flushIndex: (options: AbortOptions) => Promise<void> }>
    | undefined;
  const older = previousParts(site, manifests);

  /** W3: what the site has, as far as it may be relied on. */
  async function readIndex() {
    const listed = await listPacks(storage, { signal });
    const onDamaged = () => undefined; // what it told of is stored again: that heals it, as far as this backup goes
    const unlisted = new Map<string, number>();
    const standing = noting(unlisted, reliable(listed, avoid));
    const index = await loadIndex(storage, tools, standing, { signal, onDamaged });
    for (const id of avoid) unlisted.delete(id);
    const lost = await missingPacks(storage, unlisted, { signal });
    assertShown("backup", { named: index.packs.size + unlisted.size, missing: lost.length });
    // The next backup stores again what was in them; so do this one's parts that are yet to come.
    unnoted = await markLost(context, { packs: lost, unknown: false }, { signal });
    lacks ||= lost.length > 0;
    return { index, siteBytes: [...listed.values()].reduce((sum, size) => sum + size, 0) };
  }

  function siteIndex() {
    indexed ??= readIndex();
    return indexed;
  }

  async function openLine() {
    const { index, siteBytes } = await siteIndex();
    const writer = createIndexWriter(storage, tools, clock);
    const codec = await setupCodec("zstd", level);
    const setup = { key, idKey: chunkIdKey(key), gear, profile, codec, packBytes: packTarget(siteBytes) };
    const line = new PackLine({
      setup,
      threads,
      tables: index.tables,
      storage,
      signal,
      onStored(pack) {
        index.add(pack);
        return writer.add(pack, { signal });
      },
    });
    return { line, flushIndex: (how: AbortOptions) => writer.flush(how) };
  }

  async function line(): Promise<PackLine> {
    opened ??= openLine();
    return (await opened).line;
  }

  async function writePart(source: string, entries: AsyncIterable<SourceEntry>, partOptions: PartOptions) {
    const write = { line, gear, profile, now, signal };
    const found = await older.find(source, { signal });
    if (found === null) {
      const written = await new PartWriter({ ...write, previous: null }, partOptions).write(entries);
      return { written, found };
    }
    const locator = previousLocator(found);
    await using reading = await openReading({ storage, key, threads: Math.min(1, threads), locator }, { signal });
    const lookUp = avoid.size === 0 && !lacks ? null : (await siteIndex()).index.tables;
    const previous = previousList(found.root, reading.lists, lookUp);
    try {
      return { written: await new PartWriter({ ...write, previous }, partOptions).write(entries), found };
    } finally {
      await previous.rows.close();
    }
  }

  /** Where the previous list is looked for: an unchanged tree needs no index. */
  function previousLocator({ packs }: PreviousPart): ChunkLocator {
    const anew = siteLocator(storage, tools);
    const index: ChunkLocator = {
      map: async () => (await siteIndex()).index,
      fresh: (without, stopped) => anew.fresh(without, stopped),
    };
    return avoid.size === 0 ? hintedLocator({ storage, siteKey: key.siteKey }, packs, index) : index;
  }

  /** The packs that a list lies in. */
  async function packsOf({ root }: WrittenPart, found: PreviousPart | null): Promise<readonly string[]> {
    if (found?.root === root) return found.packs;
    const begun = opened === undefined ? [] : (await opened).line.uploads.listPacks;
    return firstAndLast([...(found?.packs ?? []), ...begun], MAX_LIST_PACKS);
  }

  /** Lets an abort of one call stop everything: a part that is cut off makes no backup. */
  async function stoppable<T>({ signal: outer }: AbortOptions, work: () => Promise<T>): Promise<T> {
    const abort = () => stop.abort(outer?.reason);
    outer?.throwIfAborted();
    outer?.addEventListener("abort", abort, { once: true });
    try {
      return await work();
    } finally {
      outer?.removeEventListener("abort", abort);
    }
  }

  /** Tells once that lost packs could not be noted; answers how many problems that makes. */
  function tellUnnoted({ onProblem }: PartOptions): number {
    if (unnoted === null) return 0;
    onProblem?.({ code: unnoted.code, message: notNoted(unnoted) });
    unnoted = null;
    return 1;
  }

  /** Stops all that is under way. Packs that are there already are told of: the next run need not store them again. */
  async function close(options: AbortOptions): Promise<void> {
    const started = await opened?.catch(() => undefined); // whoever waited for it was told
    await started?.line.stop();
    await started?.flushIndex(options).catch(() => undefined); // then it does store them again
  }

  return {
    part: (part, entries, partOptions = {}) =>
      stoppable(partOptions, async () => {
        const { written, found } = await orAbort(writePart(part.source, entries, partOptions), signal);
        const { root, problemCount: own, ...facts } = written;
        const problemCount = own + tellUnnoted(partOptions);
        const backup = { ...start, siteId };
        const packs = await packsOf(written, found);
        const list = { ...root, ...facts, packs };
        const bytes = await encodePartObject(key, { backup, part: metadataOf(part), list });
        parts.set(part.source, bytes);
        const sha256 = createHash("sha256").update(bytes).digest("hex");
        const objects = [{ name: partName(part.source), size: bytes.length, sha256 }];
        return { ...metadataOf(part), ...facts, objects, problemCount };
      }),
    commit: (manifest, commitOptions = {}) =>
      stoppable(commitOptions, async () => {
        if (opened !== undefined) {
          const { line: pool, flushIndex } = await opened;
          try {
            await pool.flush(true);
            await flushIndex({ signal });
          } catch (error) {
            stop.abort(error);
            throw error;
          } finally {
            await pool.stop();
          }
        }
        for (const [source, bytes] of parts) {
          await storage.put(backupKey(start.id, partName(source)), bytes, { signal });
        }
        await manifests.commit(manifest, { signal });
      }),
    async abort(abortOptions = {}) {
      stop.abort(new Error("The backup was given up."));
      await close(abortOptions);
      await manifests.remove([start.id], abortOptions);
    },
  };
}

/** Most of a list lies in its first packs, and what changed lately in its last ones. */
function firstAndLast<T>(all: readonly T[], most: number): readonly T[] {
  return all.length <= most ? all : [...all.slice(0, most / 2), ...all.slice(-most / 2)];
}
