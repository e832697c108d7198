import type { AbortOptions } from "@lifeboat/contracts";
import { ID_BYTES } from "../bytes.ts";
import type { DedupSite } from "../dedup-site.ts";
import type { IndexedPack } from "../index/encode.ts";
import { Turns } from "../turns.ts";
import { Records } from "../verify/records.ts";
import { packsOf, type SiteLook } from "./look-around.ts";
import type { NeededChunks } from "./needed.ts";
import type { PackUse } from "./plan.ts";

/** How a site's packs are used, and which pack each needed chunk counts in. */
export interface Usage {
  readonly packs: readonly PackUse[];
  /** Whether a needed chunk counts in this pack: of several that hold it, one does. */
  isOwn(packId: string, number: number): boolean;
  /** Whether a pack was damaged when it was last verified. */
  isSuspect(packId: string): boolean;
}

interface Measured {
  readonly pack: Pick<IndexedPack, "id" | "size"> & { readonly content: PackUse["content"] };
  /** The number of each chunk. */
  readonly numbers: Int32Array;
  /** Bytes of each chunk as it is stored: its share of its frame. */
  readonly shares: Float32Array;
  /** Bytes of needed chunks, be they elsewhere too. */
  readonly needed: number;
  /** Whether it was damaged when it was last verified. */
  readonly suspect: boolean;
}

const NOBODY = 0xffff_ffff;

/** Measures every pack that is in no mark. */
export async function measurePacks(
  site: DedupSite,
  look: SiteLook,
  needed: NeededChunks,
  { keepSince, ...options }: AbortOptions & { readonly keepSince?: Date | undefined },
): Promise<Usage> {
  const since = keepSince?.getTime() ?? Number.POSITIVE_INFINITY;
  const verified = new Records(site);
  await verified.load(() => undefined, options); // one that is damaged tells nothing: the pack counts as good
  const measured: Measured[] = [];
  for await (const pack of packsOf(site, look, options)) {
    options.signal?.throwIfAborted();
    if (!look.marked.has(pack.id)) measured.push({ ...measure(pack, needed), suspect: verified.isDamaged(pack.id) });
  }
  // Of several packs that hold a chunk it counts in one that is whole as far as is known, of those in the one that
  // holds most of what is needed.
  measured.sort(
    (a, b) => Number(a.suspect) - Number(b.suspect) || b.needed - a.needed || (a.pack.id < b.pack.id ? -1 : 1),
  );
  const owners = new Uint32Array(needed.index.tables.numbers).fill(NOBODY);
  const ranks = new Map<string, number>();
  const turns = new Turns();
  const packs: PackUse[] = [];
  for (const [rank, { pack, numbers, shares, needed: all, suspect }] of measured.entries()) {
    if (turns.isOver()) await turns.next();
    ranks.set(pack.id, rank);
    let live = 0;
    let dead = 0;
    for (const [n, number] of numbers.entries()) {
      const share = shares[n] ?? 0;
      if (!needed.has(number) || owners[number] !== NOBODY) dead += share;
      else {
        owners[number] = rank;
        live += share;
      }
    }
    const { id, size, content } = pack;
    const isNew = (look.written.get(id) ?? 0) >= since;
    const bytes = { liveBytes: Math.ceil(live), deadBytes: Math.floor(dead) };
    packs.push({ id, size, content, ...bytes, needed: all > 0, damaged: suspect, isNew });
  }
  return {
    packs,
    isOwn: (id, number) => number >= 0 && owners[number] === ranks.get(id),
    isSuspect: (id) => verified.isDamaged(id),
  };
}

function measure({ id, size, directory }: IndexedPack, needed: NeededChunks): Omit<Measured, "suspect"> {
  const { content, frames, lengths, ids } = directory;
  const numbers = new Int32Array(lengths.length);
  const shares = new Float32Array(lengths.length);
  let chunk = 0;
  let sum = 0;
  for (const frame of frames) {
    for (const end = chunk + frame.chunks; chunk < end; chunk++) {
      const number = needed.index.tables.number(ids, chunk * ID_BYTES);
      const share = (frame.length * (lengths[chunk] ?? 0)) / frame.expanded;
      numbers[chunk] = number;
      shares[chunk] = share;
      if (needed.has(number)) sum += share;
    }
  }
  return { pack: { id, size, content }, numbers, shares, needed: sum };
}
