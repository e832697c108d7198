import type { AbortOptions, LifeboatError, Storage } from "@lifeboat/contracts";
import type { IndexedPack } from "../index/encode.ts";
import type { IndexTools } from "../index/index-object.ts";
import { listPacks, readIndex } from "../index/load.ts";
import { siteLocator } from "../index/locator.ts";
import type { PackFrames } from "../index/pack-frames.ts";
import { SiteIndex } from "../index/site-index.ts";
import type { ChunkLocator } from "../read/chunk-map.ts";
import { badPack, isLoss, missingPack, unknownChunk } from "../read/read-errors.ts";
import type { PackCount } from "../session/missing-packs.ts";

/** What the index objects of a site tell, and which of it is true. */
export interface CheckedIndex {
  /** The packs that are there, with the size that the index gives them. */
  readonly good: SiteIndex;
  /** The packs that are gone or have another size. */
  readonly lost: SiteIndex;
  /** Finds chunks in good packs first; where there is none, in packs that are gone or have another size. */
  readonly locator: ChunkLocator;
  /** What is wrong with a pack that is lost. */
  lostReason(pack: PackFrames): LifeboatError;
  /** Why a chunk that is needed and in no good pack can't be had; it is noted in {@link lacking}. */
  reason(id: Uint8Array): LifeboatError;
  /** What it was asked for. */
  readonly lacking: LackingChunks;
  /** How many packs are named, and how many of them are lost. */
  readonly count: PackCount;
}

/** Where the chunks were that can't be had. */
export interface LackingChunks {
  /** The packs that are gone or have another size, by their ids. */
  readonly packs: ReadonlySet<string>;
  /** Whether there are some that no index names; `false` where a part of the index is of a version that is not known. */
  readonly unknown: boolean;
}

/** How an index is checked. */
export interface CheckIndexOptions extends AbortOptions {
  /** Packs that are condemned: chunks are found in them only where no other has them. */
  readonly marked?: ReadonlySet<string> | undefined;
}

/** Lists the packs, and reads the index. */
export async function checkIndex(
  storage: Storage,
  tools: IndexTools,
  onDamaged: (key: string, error: LifeboatError) => void,
  { marked, ...options }: CheckIndexOptions,
): Promise<CheckedIndex> {
  let listed = await listPacks(storage, options);
  const good = new SiteIndex();
  const lost = new SiteIndex();
  const unlisted: IndexedPack[] = [];
  const isThere = ({ id, size }: IndexedPack) => listed.get(id) === size;
  const addGood = (pack: IndexedPack) => good.add(pack, marked?.has(pack.id) ?? false);
  let hidden = false;
  const onUnread = (key: string, error: LifeboatError) => {
    hidden ||= !isLoss(error);
    onDamaged(key, error);
  };
  for await (const { packs } of readIndex(storage, tools, { ...options, onDamaged: onUnread })) {
    for (const pack of packs) {
      if (isThere(pack)) addGood(pack);
      else unlisted.push(pack);
    }
  }
  // A backup that is being made may have put them after the listing.
  if (unlisted.length > 0) listed = await listPacks(storage, options);
  for (const pack of unlisted) {
    if (isThere(pack)) addGood(pack);
    else lost.add(pack);
  }
  const anew = siteLocator(storage, tools);
  const lacking = { packs: new Set<string>(), unknown: false };
  return {
    good,
    lost,
    locator: {
      map: async () => ({ find: (id) => good.find(id) ?? lost.find(id) }),
      fresh: (without, signal) => anew.fresh(without, signal),
    },
    lostReason: (pack) => lostPack(pack, listed.get(pack.id)),
    reason(id) {
      const place = lost.find(id);
      if (place === undefined) {
        lacking.unknown ||= !hidden; // else an index object of a later version may name it
        return unknownChunk(id);
      }
      lacking.packs.add(place.pack.id);
      return lostPack(place.pack, listed.get(place.pack.id));
    },
    lacking,
    count: countOf(good, lost, marked),
  };
}

function countOf(good: SiteIndex, lost: SiteIndex, marked: ReadonlySet<string> = new Set()): PackCount {
  const unmarked = ({ packs }: SiteIndex) => [...packs.keys()].filter((id) => !marked.has(id)).length;
  const missing = unmarked(lost);
  return { named: unmarked(good) + missing, missing };
}

function lostPack({ id, size }: PackFrames, found: number | undefined): LifeboatError {
  if (found === undefined) return missingPack(id);
  return badPack(id, `it has ${found} bytes, not ${size}`);
}
