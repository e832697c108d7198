import {
  type AbortOptions,
  isLifeboatError,
  type LifeboatError,
  type PruneOptions,
  type PruneReport,
} from "@lifeboat/contracts";
import type { Manifests } from "@lifeboat/manifests";
import { ID_BYTES } from "../bytes.ts";
import type { DedupSite } from "../dedup-site.ts";
import type { IndexedPack } from "../index/encode.ts";
import { putIndex } from "../index/writer.ts";
import { packKey } from "../pack/pack-name.ts";
import { deleteMark, type Mark, packsToAvoid } from "../session/marks.ts";
import { markBackups, type SeenBackups } from "./backups.ts";
import { dropFromIndex } from "./drop-index.ts";
import { lookAround, packsOf, type SiteLook } from "./look-around.ts";
import type { NeededChunks } from "./needed.ts";
import { repack } from "./repack.ts";
import { waitForSessions } from "./wait.ts";

/** A prune under way, from one look to the next. */
export interface PruneRun {
  readonly site: DedupSite;
  readonly manifests: Manifests;
  readonly options: PruneOptions;
  readonly known: SeenBackups;
  readonly targetBytes: number;
  /** What is needed, as far as it is known by now. */
  needed: NeededChunks;
  deletedPacks: number;
  deletedBytes: number;
  copiedBytes: number;
  /** Packs that are condemned, and still there. */
  pendingPacks: number;
}

/** Why marks could not be ended. */
export type Pending = Exclude<PruneReport["pending"], undefined>;

/** Of what newer backups need, so many times something is copied out before the rest is left to a later prune. */
const RESCUES = 3;
const DELETE_BATCH = 1000;

/**
 * P5 to P10 of docs/spec/dedup.md: waits until no session can rely on the marks' packs, looks what is needed of
 * them, lets go what is not, copies the rest, and lets that go too. Answers why something is left, or `null`.
 */
export async function finishMarks(run: PruneRun, marks: readonly Mark[]): Promise<Pending | null> {
  if (marks.length === 0) return null;
  const { site, options } = run;
  if (!(await waitForSessions(site.clock, options))) {
    run.pendingPacks += packsToAvoid(marks).size;
    return "sessions";
  }
  for (let rescues = 0; ; rescues++) {
    const look = await lookAgain(run);
    const own = packsToAvoid(marks);
    if (run.needed.hasVanished) {
      // Two looks that don't agree: one of them does not show all that is there.
      run.known.problems.push({ message: "Chunks that are needed were in packs that are not there any more." });
      run.pendingPacks += [...own].filter((id) => look.listed.has(id)).length;
      return "needed";
    }
    const judged = await judge(run, look, own, options);
    const { goes, stuck, unknown } = judged;
    const gone = [...own].filter((id) => look.unlisted.has(id) && !look.listed.has(id));
    const refused = await letGoInOrder(run, look, judged, gone);
    if (refused !== null) {
      run.pendingPacks += goes.size + stuck.size + unknown.size;
      return "refused";
    }
    if (stuck.size === 0 && unknown.size === 0) break;
    if (stuck.size === 0 || rescues === RESCUES) {
      run.pendingPacks += stuck.size + unknown.size;
      return "needed";
    }
    await rescue(run, look, stuck);
  }
  for (const mark of marks) if (!isStillWanted(mark, run)) await deleteMark(site.context, mark, options);
  return null;
}

/**
 * A mark of damaged packs stays while a backup lacks something, although the packs are gone: as long as there is one,
 * no run takes rows over from the backup before without looking up what they need.
 */
function isStillWanted({ packs }: Mark, { known }: PruneRun): boolean {
  return known.lacking.size > 0 && packs.some(({ why }) => why === "damaged");
}

/** P7: a look made anew; what was needed before still counts. */
async function lookAgain(run: PruneRun): Promise<SiteLook> {
  const { site, manifests, known, options } = run;
  const { signal, giveUp = [] } = options;
  const look = await lookAround(site, { signal });
  run.needed = await run.needed.movedTo(look.index);
  await markBackups(manifests, { site, needed: run.needed, known, giveUp: new Set(giveUp), signal });
  return look;
}

interface Judged {
  /** Packs that nothing needs, or whose needed chunks other packs hold that no mark has. */
  readonly goes: ReadonlySet<string>;
  /** Packs that hold something needed that only packs in marks hold. */
  readonly stuck: ReadonlyMap<string, IndexedPack>;
  /** Packs of which nobody knows what they hold, while something is lacking: it may be that. */
  readonly unknown: ReadonlySet<string>;
  /** Of those that go, some: by their ids the packs that no index names, and that hold what is needed of them. */
  readonly leaning: ReadonlyMap<string, readonly IndexedPack[]>;
}

async function judge(
  { site, needed, known }: PruneRun,
  look: SiteLook,
  own: ReadonlySet<string>,
  options: AbortOptions,
): Promise<Judged> {
  const stuck = new Map<string, IndexedPack>();
  const leaning = new Map<string, readonly IndexedPack[]>();
  const there = new Set([...own].filter((id) => look.listed.has(id)));
  const goes = new Set(there);
  for await (const pack of packsOf(site, look, options)) {
    if (!there.has(pack.id)) continue;
    const { ids, lengths } = pack.directory;
    const relied = new Set<IndexedPack>();
    for (let n = 0; n < lengths.length; n++) {
      const holder = holderOf(look, needed, ids, n * ID_BYTES);
      if (holder === null) continue;
      const loose = look.loose.get(holder);
      if (look.marked.has(holder)) {
        stuck.set(pack.id, pack);
        goes.delete(pack.id);
        break;
      }
      if (loose !== undefined) relied.add(loose);
    }
    if (relied.size > 0 && goes.has(pack.id)) leaning.set(pack.id, [...relied]);
  }
  const unknown = new Set(known.lacking.size === 0 ? [] : [...there].filter((id) => look.unreadable.has(id)));
  for (const id of unknown) goes.delete(id);
  return { goes, stuck, unknown, leaning };
}

/** The pack that a needed chunk is found in: one that marks have only where no other holds it. `null` for others. */
function holderOf({ index }: SiteLook, needed: NeededChunks, ids: Uint8Array, at: number): string | null {
  const place = index.find(ids, at);
  return place !== undefined && needed.has(index.tables.number(ids, at)) ? place.pack.id : null;
}

/** Whether a chunk is needed and only in packs that marks have. */
function isStuck(look: SiteLook, needed: NeededChunks, ids: Uint8Array, at: number): boolean {
  const holder = holderOf(look, needed, ids, at);
  return holder !== null && look.marked.has(holder);
}

/**
 * P8 and P9, after the index was told of what those that go lean on: a run that has yet to tell of its packs may fail
 * before it does, and readers look into the index alone. Where there is no room for that, what leans on nothing goes
 * first. Answers the error where the storage does not let something be deleted.
 */
async function letGoInOrder(
  run: PruneRun,
  look: SiteLook,
  { goes, leaning }: Judged,
  gone: readonly string[],
): Promise<LifeboatError | null> {
  const { context, tools } = run.site;
  const { signal } = run.options;
  const tell = () => putIndex(context.storage, tools, new Set([...leaning.values()].flat()), { signal });
  try {
    await tell();
  } catch (error) {
    const free = new Set([...goes].filter((id) => !leaning.has(id)));
    if (!isLifeboatError(error, "NO_SPACE") || free.size === 0) throw error;
    const refused = await letGo(run, look, free, gone);
    if (refused !== null) return refused;
    await tell();
    return letGo(run, look, new Set(leaning.keys()), []);
  }
  return letGo(run, look, goes, gone);
}

/**
 * P8 and P9; answers the error where the storage does not let something be deleted.
 *
 * @param gone packs that the index still names
 */
async function letGo(
  run: PruneRun,
  look: SiteLook,
  goes: ReadonlySet<string>,
  gone: readonly string[],
): Promise<LifeboatError | null> {
  const { site, options } = run;
  const { signal, onProgress } = options;
  const unnamed = new Set([...goes, ...gone]);
  if (unnamed.size === 0) return null;
  let late = false;
  try {
    await dropFromIndex(site, unnamed, { signal });
  } catch (error) {
    if (!isLifeboatError(error, "NO_SPACE") && !isLifeboatError(error, "PERMISSION_DENIED")) throw error;
    if (goes.size === 0 && error.code === "PERMISSION_DENIED") return error;
    late = true; // the packs are what takes room; nothing hangs on the order
  }
  const ids = [...goes];
  let bytes = 0;
  for (let from = 0; from < ids.length; from += DELETE_BATCH) {
    signal?.throwIfAborted();
    const batch = ids.slice(from, from + DELETE_BATCH);
    try {
      await site.context.storage.delete(batch.map(packKey), { signal });
    } catch (error) {
      if (isLifeboatError(error, "PERMISSION_DENIED")) return error;
      throw error;
    }
    bytes += batch.reduce((sum, id) => sum + (look.listed.get(id) ?? 0), 0);
    run.deletedPacks += batch.length;
    onProgress?.({ step: "deleting", packs: from + batch.length, totalPacks: ids.length, bytes });
  }
  run.deletedBytes += bytes;
  try {
    if (late) await dropFromIndex(site, unnamed, { signal });
  } catch (error) {
    if (isLifeboatError(error, "PERMISSION_DENIED")) return error;
    throw error;
  }
  return null;
}

/** P10: copies what is needed of packs into new ones; what can't be read keeps nobody from deleting them. */
async function rescue(run: PruneRun, look: SiteLook, stuck: ReadonlyMap<string, IndexedPack>): Promise<void> {
  const { site, needed, options, targetBytes } = run;
  const { tables } = look.index;
  const copied = new Uint8Array(tables.numbers);
  const sources = [...stuck.values()].map(({ id, size, directory }) => ({
    id,
    size,
    directory,
    isChecked: true, // what a verification has found to be wrong must not come into a pack that nobody doubts
    wants: (ids: Uint8Array, at: number) => {
      const number = tables.number(ids, at);
      if (!isStuck(look, needed, ids, at) || copied[number] === 1) return false;
      copied[number] = 1;
      return true;
    },
    lost(ids: Uint8Array, at: number) {
      copied[tables.number(ids, at)] = 0; // another condemned pack may have it too
    },
  }));
  const { copiedBytes, damaged } = await repack(site, sources, { targetBytes, signal: options.signal });
  run.copiedBytes += copiedBytes;
  for (const [, error] of damaged)
    run.known.problems.push({ message: `Something could not be copied: ${error.message}` });
}
