import { type AbortOptions, isLifeboatError, LifeboatError, type ObjectInfo } from "@lifeboat/contracts";
import type { DedupSite } from "../dedup-site.ts";
import type { IndexedPack } from "../index/encode.ts";
import { type ListedPacks, listPacks, loadIndex, noting, type PackStanding, readIndex } from "../index/load.ts";
import type { SiteIndex } from "../index/site-index.ts";
import { type Mark, packsToAvoid, readMarks } from "../session/marks.ts";
import { Turns } from "../turns.ts";
import { loosePacks } from "./loose-packs.ts";

/** What lies in a site, as one look showed it. */
export interface SiteLook {
  readonly marks: readonly Mark[];
  /** The packs of all marks. */
  readonly marked: ReadonlySet<string>;
  readonly listed: ListedPacks;
  /** When each was written, in milliseconds by the storage's clock. */
  readonly written: ReadonlyMap<string, number>;
  /**
   * Packs that the index names and that are not listed with that size: gone, put after the listing, or cut off and in
   * no mark.
   */
  readonly unlisted: ReadonlyMap<string, number>;
  /**
   * Every pack that is listed, those in marks whatever their size; a chunk is found in one that no mark has, if there is
   * such.
   */
  readonly index: SiteIndex;
  /** Packs that no index names, by what they say of themselves. */
  readonly loose: ReadonlyMap<string, IndexedPack>;
  /** Packs that no index names and that can't be read: nobody knows what they hold. */
  readonly unreadable: ReadonlyMap<string, LifeboatError>;
}

/**
 * Looks at a site: reads the marks, then lists the packs, then reads the index, and of packs that no index names the
 * tables.
 *
 * @throws CORRUPT where a part of the index can't be read; LOCKED where a mark can't
 */
export async function lookAround(site: DedupSite, options: AbortOptions = {}): Promise<SiteLook> {
  const { context, tools } = site;
  const { storage } = context;
  const marks = await readMarks(context, options);
  const marked = packsToAvoid(marks);
  const written = new Map<string, number>();
  const onPack = (id: string, { modified }: ObjectInfo) => written.set(id, modified.getTime());
  const listed = await listPacks(storage, { ...options, onPack });
  const unlisted = new Map<string, number>();
  const index = await loadIndex(storage, tools, noting(unlisted, standingIn(listed, marked)), {
    ...options,
    onDamaged: (key, error) => {
      throw damagedIndex(key, error);
    },
  });
  const loose = new Map<string, IndexedPack>();
  const unreadable = new Map<string, LifeboatError>();
  for await (const { id, pack } of loosePacks(site, listed, index, options)) {
    if (isLifeboatError(pack)) unreadable.set(id, pack);
    else {
      loose.set(id, pack);
      index.add(pack, marked.has(id));
    }
  }
  return { marks, marked, listed, written, unlisted, index, loose, unreadable };
}

/**
 * A pack in a mark counts where nothing else has its chunks, be it cut off: what is left of it can still be read, by
 * what the index tells of it.
 */
function standingIn(listed: ListedPacks, marked: ReadonlySet<string>): (id: string, size: number) => PackStanding {
  return (id, size) => {
    if (marked.has(id)) return listed.has(id) ? "weak" : "none";
    return listed.get(id) === size ? "good" : "none";
  };
}

/** Every pack that a look has found, with its chunks; the index is read again for it, object by object. */
export async function* packsOf(
  { context, tools }: DedupSite,
  { index, loose }: SiteLook,
  options: AbortOptions,
): AsyncGenerator<IndexedPack> {
  const told = new Set<string>();
  const turns = new Turns();
  for await (const { packs } of readIndex(context.storage, tools, options)) {
    for (const pack of packs) {
      if (told.has(pack.id) || loose.has(pack.id) || !index.packs.has(pack.id)) continue;
      told.add(pack.id);
      yield pack;
      if (turns.isOver()) await turns.next();
    }
  }
  yield* loose.values();
}

function damagedIndex(key: string, cause: LifeboatError): LifeboatError {
  return new LifeboatError({
    code: "CORRUPT",
    operation: "prune",
    key,
    message: `The index object ${key} can't be read, so nobody knows what the packs hold that only it names: ${cause.message}`,
    hint: "Repair the site with engine.repair({ site }): it makes the index anew from the packs.",
    cause,
  });
}
