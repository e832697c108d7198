import {
  type AbortOptions,
  isLifeboatError,
  type LifeboatError,
  type ObjectInfo,
  type Storage,
} from "@lifeboat/contracts";
import { PACKS_PREFIX, packIdOf } from "../pack/pack-name.ts";
import { readObject } from "../read-object.ts";
import { Turns } from "../turns.ts";
import type { IndexedPack } from "./encode.ts";
import { INDEX_PREFIX, isIndexKey } from "./index-name.ts";
import { type IndexTools, openIndex } from "./index-object.ts";
import { SiteIndex } from "./site-index.ts";

/** How an index is read. */
export interface LoadOptions extends AbortOptions {
  /** Called for an object that can't be read, which is then passed over. Default: its error is thrown. */
  readonly onDamaged?: ((key: string, error: LifeboatError) => void) | undefined;
}

/** The packs that a listing of the storage shows, with their sizes. */
export type ListedPacks = ReadonlyMap<string, number>;

/** So often the index is listed again because objects vanish while they are read. */
const LISTINGS = 10;
/** A longer index object is none: 1,048,576 chunks with all that is around them. */
const MAX_OBJECT_BYTES = 64 << 20;

/** Lists the packs that are there. It counts as a look at the site only if the marks were read before. */
export async function listPacks(
  storage: Storage,
  { onPack, ...options }: AbortOptions & { readonly onPack?: (id: string, info: ObjectInfo) => void } = {},
): Promise<ListedPacks> {
  const packs = new Map<string, number>();
  for await (const info of storage.list(PACKS_PREFIX, options)) {
    const id = packIdOf(info.key);
    if (id === null) continue;
    packs.set(id, info.size);
    onPack?.(id, info);
  }
  return packs;
}

/**
 * Everything that the site's index objects tell, one object after the other. One that vanishes between
 * the listing and its reading was merged into another: the index is then listed again, until none has.
 *
 * @throws CORRUPT, WRONG_KEY, UNSUPPORTED, INCOMPATIBLE without `onDamaged`
 */
export async function* readIndex(
  storage: Storage,
  tools: IndexTools,
  { signal, onDamaged }: LoadOptions = {},
): AsyncGenerator<{ readonly key: string; readonly packs: readonly IndexedPack[] }> {
  const seen = new Set<string>();
  for (let listing = 1; ; listing++) {
    const keys: string[] = [];
    for await (const { key } of storage.list(INDEX_PREFIX, { signal })) if (isIndexKey(key)) keys.push(key);
    let vanished = false;
    for (const key of keys) {
      if (seen.has(key)) continue;
      signal?.throwIfAborted();
      try {
        const bytes = await readObject(storage, key, MAX_OBJECT_BYTES, { signal });
        const packs = await openIndex(tools, bytes, key, { signal });
        seen.add(key);
        yield { key, packs };
      } catch (error) {
        if (!isLifeboatError(error)) throw error;
        if (error.code === "NOT_FOUND" && listing < LISTINGS) vanished = true;
        else if (isDamaged(error) && onDamaged !== undefined) {
          seen.add(key);
          onDamaged(key, error);
        } else throw error;
      }
    }
    if (!vanished) return;
  }
}

/** How a pack counts: found by its chunks before all others, only where no other has them, or not at all. */
export type PackStanding = "good" | "weak" | "none";

/**
 * Reads the index of a site into memory.
 *
 * @param standing how a pack counts, by its id and the size that the index gives it
 */
export async function loadIndex(
  storage: Storage,
  tools: IndexTools,
  standing: (id: string, size: number) => PackStanding,
  options: LoadOptions = {},
): Promise<SiteIndex> {
  const index = new SiteIndex();
  const turns = new Turns();
  for await (const { packs } of readIndex(storage, tools, options)) {
    for (const pack of packs) {
      const counts = standing(pack.id, pack.size);
      if (counts !== "none") index.add(pack, counts === "weak");
      if (!turns.isOver()) continue;
      await turns.next();
      options.signal?.throwIfAborted();
    }
  }
  return index;
}

/** Only packs that a listing shows with their size, and that no mark condemns. */
export function reliable(listed: ListedPacks, avoid: ReadonlySet<string>): (id: string, size: number) => PackStanding {
  return (id, size) => (listed.get(id) === size && !avoid.has(id) ? "good" : "none");
}

/** The same judgement; packs that do not count by it are noted, with the size that the index gives them. */
export function noting(
  uncounted: Map<string, number>,
  standing: (id: string, size: number) => PackStanding,
): (id: string, size: number) => PackStanding {
  return (id, size) => {
    const counts = standing(id, size);
    if (counts === "none") uncounted.set(id, size);
    return counts;
  };
}

/** Those of some packs that a new listing does not show either, with the size that the index gives them. */
export async function missingPacks(
  storage: Storage,
  packs: ReadonlyMap<string, number>,
  options: AbortOptions,
): Promise<readonly string[]> {
  if (packs.size === 0) return [];
  const listed = await listPacks(storage, options);
  return [...packs].filter(([id, size]) => listed.get(id) !== size).map(([id]) => id);
}

/** As `reliable`, but packs in marks count where nothing else has their chunks. */
export function present(listed: ListedPacks, marked: ReadonlySet<string>): (id: string, size: number) => PackStanding {
  return (id, size) => (listed.get(id) !== size ? "none" : marked.has(id) ? "weak" : "good");
}

function isDamaged({ code }: LifeboatError): boolean {
  return code === "CORRUPT" || code === "WRONG_KEY" || code === "UNSUPPORTED" || code === "INCOMPATIBLE";
}
