import type { PrunePack, PruneTotals } from "@lifeboat/contracts";
import type { PackContent } from "../pack/layout.ts";

/** What is known of a pack when a prune decides. */
export interface PackUse {
  /** In hex. */
  readonly id: string;
  readonly size: number;
  readonly content: PackContent;
  /** Bytes of chunks that are needed, and counted in no other pack. */
  readonly liveBytes: number;
  /** Bytes of chunks that nothing needs, or that another pack is kept for. */
  readonly deadBytes: number;
  /** Whether any backup needs any of its chunks, be it in another pack too. */
  readonly needed: boolean;
  /** Whether it does not open as it should. */
  readonly damaged: boolean;
  /** Whether a backup that is being made may have written it. */
  readonly isNew: boolean;
}

/** By what a prune decides. */
export interface PlanSettings {
  /** The share of the site's bytes that may stay dead, from 0 to 1. */
  readonly maxUnused: number;
  /** The most bytes to be copied. */
  readonly maxRepackBytes: number;
  /** How large packs are to become. */
  readonly targetBytes: number;
}

/** So many small packs are put together. */
const MANY_SMALL = 8;
/** A list pack with a larger dead share is repacked: lists are read as a whole. */
const MAX_DEAD_LISTS = 0.2;

/** Decides what becomes of each pack (docs/spec/dedup.md, "Plan"). The same input, the same plan. */
export function decidePacks(packs: readonly PackUse[], settings: PlanSettings): readonly PrunePack[] {
  const decided = new Map<string, PrunePack>();
  const decide = (pack: PackUse, action: PrunePack["action"], why: PrunePack["why"]) => {
    const { id, size, liveBytes, deadBytes } = pack;
    decided.set(id, { id, size, liveBytes, deadBytes, action, why });
  };
  let budget = settings.maxRepackBytes;
  const repack = (pack: PackUse, why: PrunePack["why"]): boolean => {
    if (pack.liveBytes > budget) return false;
    budget -= pack.liveBytes;
    decide(pack, "repack", why);
    return true;
  };

  for (const pack of packs) {
    if (pack.isNew) decide(pack, "keep", "new");
    else if (pack.liveBytes === 0) decide(pack, "delete", pack.needed ? "duplicate" : "unused");
  }
  const rest = packs.filter(({ id }) => !decided.has(id)).sort(byWaste);
  for (const pack of rest) if (pack.damaged) repack(pack, "damaged");
  for (const pack of rest) {
    const isLoose = pack.content === "lists" && pack.deadBytes > MAX_DEAD_LISTS * pack.size;
    if (isLoose && !decided.has(pack.id)) repack(pack, "dead");
  }
  const bytes = packs.reduce((sum, { size }) => sum + size, 0);
  let dead = rest.reduce((sum, { id, deadBytes }) => (decided.has(id) ? sum : sum + deadBytes), 0);
  for (const pack of rest) {
    if (dead <= settings.maxUnused * bytes || pack.deadBytes === 0) break;
    if (!decided.has(pack.id) && repack(pack, "dead")) dead -= pack.deadBytes;
  }
  for (const content of ["data", "lists"] as const) {
    const isSmall = (pack: PackUse) => pack.content === content && pack.size < settings.targetBytes / 4;
    const small = rest.filter((pack) => isSmall(pack) && !decided.has(pack.id));
    if (small.length >= MANY_SMALL) for (const pack of small) repack(pack, "small");
  }
  for (const pack of rest) if (!decided.has(pack.id)) decide(pack, "keep", "used");
  const order = ["delete", "repack", "keep"];
  return [...decided.values()].sort(
    (a, b) => order.indexOf(a.action) - order.indexOf(b.action) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  );
}

/** Most dead bytes for each byte to be copied first. */
function byWaste(a: PackUse, b: PackUse): number {
  return b.deadBytes * a.liveBytes - a.deadBytes * b.liveBytes || (a.id < b.id ? -1 : 1);
}

/** Sums a plan up. */
export function totalsOf(packs: readonly PrunePack[]): PruneTotals {
  const sum = (some: readonly PrunePack[], of: (pack: PrunePack) => number) =>
    some.reduce((total, pack) => total + of(pack), 0);
  const going = packs.filter(({ action }) => action !== "keep");
  const repacked = packs.filter(({ action }) => action === "repack");
  const goingBytes = sum(going, ({ size }) => size);
  const copiedBytes = sum(repacked, ({ liveBytes }) => liveBytes);
  return {
    packs: packs.length,
    bytes: sum(packs, ({ size }) => size),
    deadBytes: sum(packs, ({ deadBytes }) => deadBytes),
    goingPacks: going.length,
    goingBytes,
    repackedPacks: repacked.length,
    copiedBytes,
    freedBytes: goingBytes - copiedBytes,
  };
}
