import {
  isLifeboatError,
  LifeboatError,
  type PruneOptions,
  type PrunePack,
  type PrunePlan,
  type PruneReport,
} from "@lifeboat/contracts";
import { type Manifests, openFences } from "@lifeboat/manifests";
import type { DedupSite } from "../dedup-site.ts";
import { listPacks } from "../index/load.ts";
import { putIndex } from "../index/writer.ts";
import type { FinishedPack } from "../pack/pack-builder.ts";
import { packKey } from "../pack/pack-name.ts";
import { isLoss } from "../read/read-errors.ts";
import { markLost, notNoted } from "../session/mark-lost.ts";
import { type CondemnedPack, type Mark, packsToAvoid, putMarks } from "../session/marks.ts";
import { finishMarks, type Pending, type PruneRun } from "./finish-marks.ts";
import { lookForLacking } from "./look-for-lacking.ts";
import type { PlannedPrune } from "./make-plan.ts";
import { repack } from "./repack.ts";

/**
 * Carries out a plan (docs/spec/dedup.md, "Pruning"), and before it what earlier prunes have left. It may be stopped
 * anywhere: what is in a mark is gone on with by the next prune.
 *
 * @throws CONFLICT where the plan is another site's; CORRUPT, LOCKED, and what the storage throws
 */
export async function executePrune(
  site: DedupSite,
  manifests: Manifests,
  { plan, look, needed, usage, known, targetBytes }: PlannedPrune,
  options: PruneOptions,
): Promise<PruneReport> {
  if (plan.siteId !== site.context.siteId) throw otherSite(plan);
  const run: PruneRun = {
    site,
    manifests,
    options,
    known,
    targetBytes,
    needed,
    deletedPacks: 0,
    deletedBytes: 0,
    copiedBytes: 0,
    pendingPacks: 0,
  };
  /** As the plan saw it: numbers of a later look are others. */
  const planned = { needed, usage };

  function wants(id: string) {
    return (ids: Uint8Array, at: number) => {
      const number = planned.needed.index.tables.number(ids, at);
      return planned.needed.has(number) && planned.usage.isOwn(id, number);
    };
  }

  /** P3 and P4, then P5 to P10, for some of the plan's packs. */
  async function cycle(unused: readonly CondemnedPack[], repacked: readonly PrunePack[]): Promise<Pending | null> {
    const written: FinishedPack[] = [];
    let done = 0;
    let bytes = 0;
    const sources = repacked.map(({ id, size }) => ({ id, size, isChecked: usage.isSuspect(id), wants: wants(id) }));
    const onPack = (size: number) => {
      done += 1;
      bytes += size;
      options.onProgress?.({ step: "repacking", packs: done, totalPacks: sources.length, bytes });
    };
    let damaged: ReadonlyMap<string, LifeboatError> = new Map();
    if (sources.length > 0) {
      try {
        const onWritten = (pack: FinishedPack) => written.push(pack);
        const copied = await repack(site, sources, { targetBytes, signal: options.signal, onPack, onWritten });
        damaged = copied.damaged;
        run.copiedBytes += copied.copiedBytes;
      } catch (error) {
        if (isLifeboatError(error, "NO_SPACE")) throw new NoRoom(written, error);
        throw error;
      }
    }
    const condemned = [...unused];
    for (const { id, why } of repacked) {
      const error = damaged.get(id);
      const isDamaged = why === "damaged" || (error !== undefined && isLoss(error));
      if (error !== undefined)
        known.problems.push({ message: `The pack ${packKey(id)} does not open: ${error.message}` });
      // Were it kept, the copies that others have of what it can't give would go for it.
      if (isDamaged) condemned.push({ id, why: "damaged" });
      else if (error === undefined) condemned.push({ id, why: "repacked" });
    }
    if (condemned.length === 0) return null;
    const now = site.clock.now();
    const marks = await putMarks(site.context, condemned, { signal: options.signal, now });
    return finish(marks);
  }

  /** P5 to P10; where there is no room for copies or an index object, what needs none still goes afterwards. */
  async function finish(marks: readonly Mark[]): Promise<Pending | null> {
    try {
      return await finishMarks(run, marks);
    } catch (error) {
      if (!isLifeboatError(error, "NO_SPACE")) throw error;
      lackedRoom = true;
      const listed = await listPacks(site.context.storage, options);
      run.pendingPacks += [...packsToAvoid(marks)].filter((id) => listed.has(id)).length;
      return null;
    }
  }

  let lackedRoom = false;

  // Whoever made what backups lack, the next backup is to store it again.
  const unnoted = await markLost(site.context, await lookForLacking(site, manifests, known, options), options);
  if (unnoted !== null) known.problems.push({ message: notNoted(unnoted) });
  let pending = await finish(look.marks);
  if (pending === "sessions") return reportOf(run, pending, false); // they would be in the way of more, too
  await openFences(site.context).merge({ signal: options.signal });
  const used = new Map(usage.packs.map((pack) => [pack.id, pack]));
  const unused = plan.packs
    .filter(({ id, action }) => action === "delete" && used.get(id)?.liveBytes === 0)
    .map(({ id }): CondemnedPack => ({ id, why: "unused" }));
  const repacked = plan.packs.filter(({ id, action }) => action === "repack" && used.has(id));
  await indexLoose(site, look.loose, new Set([...unused, ...repacked].map(({ id }) => id)), look.marked, options);
  try {
    pending = (await cycle(unused, repacked)) ?? pending;
  } catch (error) {
    if (!(error instanceof NoRoom)) throw error;
    const isLeft = await inBatches(error, unused, repacked, cycle, (why) => {
      pending = why ?? pending;
    });
    lackedRoom ||= isLeft;
  }
  return reportOf(run, pending, lackedRoom);
}

/** There was no room to copy everything at once. What had been written by then is as good as unused. */
class NoRoom extends Error {
  readonly written: readonly FinishedPack[];

  constructor(written: readonly FinishedPack[], cause: LifeboatError) {
    super(cause.message, { cause });
    this.written = written;
  }
}

type Cycle = (unused: readonly CondemnedPack[], repacked: readonly PrunePack[]) => Promise<Pending | null>;

/**
 * On a full disk: first what is wholly unused goes, then as much is copied at a time as has become free.
 * Answers whether something had to be left.
 */
async function inBatches(
  first: NoRoom,
  unused: readonly CondemnedPack[],
  repacked: readonly PrunePack[],
  cycle: Cycle,
  note: (pending: Pending | null) => void,
): Promise<boolean> {
  const leftover = (error: NoRoom) => error.written.map(({ id }): CondemnedPack => ({ id, why: "unused" }));
  note(await cycle([...unused, ...leftover(first)], []));
  let waiting = repacked;
  let room = Number.POSITIVE_INFINITY;
  while (waiting.length > 0) {
    const batch = upTo(waiting, room);
    if (batch.length === 0) return true;
    try {
      note(await cycle([], batch));
      waiting = waiting.slice(batch.length);
    } catch (error) {
      if (!(error instanceof NoRoom)) throw error;
      const copied = batch.reduce((sum, { liveBytes }) => sum + liveBytes, 0);
      if (batch.length === 1) return true;
      room = copied / 2;
      note(await cycle(leftover(error), []));
    }
  }
  return false;
}

/** The first packs whose copies fit into so many bytes; one at least where there is any limit above it. */
function upTo(packs: readonly PrunePack[], room: number): readonly PrunePack[] {
  let bytes = 0;
  let count = 0;
  for (const { liveBytes } of packs) {
    bytes += liveBytes;
    if (bytes > room && count > 0) break;
    count += 1;
  }
  return packs.slice(0, count);
}

/** Packs that no index names although they are needed: a crash came between them and their index. */
async function indexLoose(
  { context, tools }: DedupSite,
  loose: ReadonlyMap<string, FinishedPack>,
  going: ReadonlySet<string>,
  marked: ReadonlySet<string>,
  { signal }: PruneOptions,
): Promise<void> {
  const kept = [...loose.values()].filter(({ id }) => !going.has(id) && !marked.has(id));
  if (kept.length > 0) await putIndex(context.storage, tools, kept, { signal });
}

function reportOf(run: PruneRun, pending: Pending | null, lackedRoom: boolean): PruneReport {
  const { deletedPacks, deletedBytes, copiedBytes, known } = run;
  return {
    deletedPacks,
    deletedBytes,
    copiedBytes,
    pendingPacks: run.pendingPacks,
    ...(pending === null ? {} : { pending }),
    lackedRoom,
    problems: known.problems,
  };
}

function otherSite(plan: PrunePlan): LifeboatError {
  return new LifeboatError({
    code: "CONFLICT",
    operation: "prune",
    key: plan.siteId,
    message: "The plan was made for another site than the one it is to be carried out on.",
    hint: "Make a new one with engine.planPrune({ site }).",
  });
}
