import { randomBytes } from "node:crypto";
import { type AbortOptions, isLifeboatError, type SiteContext } from "@lifeboat/contracts";
import { readSiteDocument, type SiteDocument, writeSiteDocument } from "./document.ts";
import { type FieldReader, fieldReader } from "./fields.ts";
import { parseBackupId } from "./ids.ts";

/** Which sessions have been given up by others, as one look at the storage showed it. */
export interface FencedSessions {
  /** How many there are at least; 0 says that there is none. */
  readonly size: number;
  has(id: string): boolean;
  /** Whether its fence was read: {@link has} also tells of one that may be in a document that can't be read. */
  isCertain(id: string): boolean;
}

/**
 * A site's fences (docs/spec/manifest.md, "Fences"): whoever goes on as if a session were over,
 * although it has not removed its own lease, puts one first.
 */
export interface Fences {
  /** Puts a fence before this session; that there is one already is as good. */
  put(id: string, options?: AbortOptions): Promise<void>;
  /** Whether there is a fence before this one session. */
  has(id: string, options?: AbortOptions): Promise<boolean>;
  /** All fences: one listing where there is none. */
  all(options?: AbortOptions): Promise<FencedSessions>;
  /**
   * Puts the oldest fences together into one document, where there are more than `keep` of them by a thousand or so,
   * and answers how many. No fence is missing at any moment.
   */
  merge(options?: AbortOptions & { readonly keep?: number }): Promise<number>;
}

const PREFIX = "fenced/";
const MERGED_PREFIX = "fenced/merged/";
/** So many fences are left as they are, at least. */
const KEEP = 256;
/** So many are put together at least, and at most, so that documents stay few and readable. */
const WORTH_MERGING = 1000;
const MAX_MERGED = 100_000;
const DELETE_BATCH = 1000;

/** Nobody was given up. */
export const NO_FENCES: FencedSessions = { size: 0, has: () => false, isCertain: () => false };

/** Opens a site's fences. Does no I/O of its own. */
export function openFences(site: SiteContext): Fences {
  const { storage } = site;
  /** Merged documents never change: each is read once. `null` where it can't be read. */
  const merged = new Map<string, ReadonlySet<string> | null>();

  async function readMerged(name: string, options: AbortOptions): Promise<ReadonlySet<string> | null> {
    const known = merged.get(name);
    if (known !== undefined) return known;
    const found = await mergedIds(site, name, options);
    merged.set(name, found);
    return found;
  }

  async function allMerged(options: AbortOptions): Promise<(ReadonlySet<string> | null)[]> {
    const found: (ReadonlySet<string> | null)[] = [];
    for await (const { key } of storage.list(MERGED_PREFIX, options)) {
      const name = mergedName(key);
      if (name !== null) found.push(await readMerged(name, options));
    }
    return found;
  }

  async function single(options: AbortOptions): Promise<{ ids: Set<string>; others: boolean }> {
    const ids = new Set<string>();
    let others = false;
    for await (const { key } of storage.list(PREFIX, options)) {
      const id = key.slice(PREFIX.length, -".json".length);
      if (key === fenceKey(id) && parseBackupId(id) !== null) ids.add(id);
      else others = true;
    }
    return { ids, others };
  }

  return {
    async put(id, options) {
      try {
        await writeSiteDocument(site, place(id), {}, {}, { ...options, ifAbsent: true });
      } catch (error) {
        if (!isLifeboatError(error, "ALREADY_EXISTS")) throw error;
      }
    },
    async has(id, options = {}) {
      // In this order: what was there and is not any more has been merged by then.
      if ((await storage.stat(fenceKey(id), options)) !== null) return true;
      const more = await allMerged(options);
      return more.includes(null) ? holds(more, id, (await single(options)).ids) : holds(more, id);
    },
    async all(options = {}) {
      const { ids, others } = await single(options);
      if (ids.size === 0 && !others) return NO_FENCES;
      const more = await allMerged(options); // after the single ones, as in `has`
      const size = more.reduce((sum, set) => sum + (set?.size ?? 1), ids.size);
      return {
        size,
        has: (id) => ids.has(id) || holds(more, id, ids),
        isCertain: (id) => ids.has(id) || more.some((set) => set?.has(id) === true),
      };
    },
    async merge({ keep = KEEP, ...options } = {}) {
      const { ids } = await single(options);
      const all = [...ids].sort();
      if (all.length < keep + WORTH_MERGING) return 0;
      const oldest = all.slice(0, Math.min(all.length - keep, MAX_MERGED));
      const name = randomBytes(16).toString("hex");
      await writeSiteDocument(site, mergedPlace(name), { ids: oldest }, {}, { ...options, ifAbsent: true });
      for (let at = 0; at < oldest.length; at += DELETE_BATCH) {
        options.signal?.throwIfAborted();
        await storage.delete(oldest.slice(at, at + DELETE_BATCH).map(fenceKey), options);
      }
      return oldest.length;
    },
  };
}

/**
 * One that can't be read might hold any id, to look closer than needed does no harm; but not one of the youngest,
 * since those always stay single. So no document that is damaged stops the runs that begin after it was written.
 */
function holds(merged: readonly (ReadonlySet<string> | null)[], id: string, single?: ReadonlySet<string>): boolean {
  if (merged.some((ids) => ids?.has(id) === true)) return true;
  if (single === undefined || !merged.includes(null)) return false;
  let younger = 0;
  for (const other of single) if (other > id) younger += 1;
  return younger >= KEEP;
}

function fenceKey(id: string): string {
  return `${PREFIX}${id}.json`;
}

function place(id: string): SiteDocument {
  return { type: "fence", id, key: fenceKey(id), version: 1 };
}

function mergedName(key: string): string | null {
  return /^fenced\/merged\/([0-9a-f]{32})\.json$/.exec(key)?.[1] ?? null;
}

function mergedPlace(name: string): SiteDocument {
  return { type: "fences", id: name, key: `${MERGED_PREFIX}${name}.json`, version: 1 };
}

async function mergedIds(site: SiteContext, name: string, options: AbortOptions): Promise<ReadonlySet<string> | null> {
  const document = mergedPlace(name);
  const read: FieldReader = fieldReader("fence.read", document.key);
  try {
    const { open } = await readSiteDocument(site, document, options);
    return new Set(read.array(open.ids, "ids").map((id) => read.text(id, "ids")));
  } catch (error) {
    const unreadable = ["CORRUPT", "WRONG_KEY", "INCOMPATIBLE", "UNSUPPORTED"] as const;
    if (unreadable.some((code) => isLifeboatError(error, code))) return null;
    throw error;
  }
}
