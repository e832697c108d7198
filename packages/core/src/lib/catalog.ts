import { setMaxListeners } from "node:events";
import {
  type AbortOptions,
  interruptible,
  isLifeboatError,
  type LifeboatError,
  type ListedBackup,
  type Manifest,
  orAbort,
  type PartInfo,
  type VerificationResult,
} from "@lifeboat/contracts";
import { parseBackupId } from "@lifeboat/manifests";
import { type Backup, type BackupListItem, describeBackup, describeVerified } from "./backup.ts";
import { isDamage } from "./errors.ts";
import type { OpenSite } from "./sites.ts";
import { verificationsOf } from "./verify/remember.ts";

/**
 * The backups of the engine's sites. The storage is the truth: each list is one
 * listing of it, and manifests are remembered only while the listing shows them as they were.
 */
export interface Catalog {
  /** Every finished backup, newest first. */
  list(site: OpenSite, options?: AbortOptions): Promise<readonly BackupListItem[]>;
  /** As many of them as can be read until `until` is aborted, the newest first, and how many more there are. */
  look(site: OpenSite, until: AbortSignal): Promise<CatalogLook>;
  /** The readable manifests among these, newest first; only as many are read as are asked for, and some more. */
  manifests(site: OpenSite, backups: readonly ListedBackup[], options?: AbortOptions): AsyncIterable<Manifest>;
  /** The newest readable manifest among these, or `null`. */
  newest(site: OpenSite, backups: readonly ListedBackup[], options?: AbortOptions): Promise<Manifest | null>;
  /** The newest part like this in a readable manifest among these, or `null`. */
  newestPart(
    site: OpenSite,
    backups: readonly ListedBackup[],
    isLike: (part: PartInfo) => boolean,
    options?: AbortOptions,
  ): Promise<{ readonly id: string; readonly part: PartInfo } | null>;
}

/** What could be looked at in time. */
export interface CatalogLook {
  readonly items: readonly BackupListItem[];
  readonly unread: number;
}

/** So many manifests are read at once. */
const LANES = 16;
/** So many documents of a kind are remembered for all sites; more are read again. */
const REMEMBERED = 10_000;

/** Makes an empty catalog. */
export function createCatalog(): Catalog {
  const manifests = new Stamped<Manifest>();
  const verifications = new Stamped<readonly VerificationResult[]>();

  function manifestOf(site: OpenSite, { id, stamp }: ListedBackup, options: AbortOptions): Promise<Manifest> {
    return manifests.get(`${site.context.siteId}/${id}`, stamp, () => site.repository.manifest(id, options));
  }

  async function verifiedOf(site: OpenSite, { id, verified }: ListedBackup, options: AbortOptions) {
    if (verified === "") return [];
    return verifications.get(`${site.context.siteId}/${id}`, verified, () => verificationsOf(site, id, options));
  }

  async function item(site: OpenSite, listed: ListedBackup, options: AbortOptions): Promise<BackupListItem | null> {
    const { id, labelled } = listed;
    const results = await verifiedOf(site, listed, options);
    try {
      const manifest = await manifestOf(site, listed, options);
      const labels = labelled ? await site.repository.labels(id, options) : { preserve: false };
      return describeBackup(site.name, manifest, labels, results);
    } catch (error) {
      if (isLifeboatError(error, "NOT_FOUND")) return null; // deleted since the listing
      if (isDamage(error)) return { ...damaged(site, id, error), ...describeVerified(results) };
      throw error;
    }
  }

  /** A manifest, or `null` where it can't be read or is no longer there. */
  async function whole(site: OpenSite, backup: ListedBackup, options: AbortOptions): Promise<Manifest | null> {
    try {
      return await manifestOf(site, backup, options);
    } catch (error) {
      if (isDamage(error) || isLifeboatError(error, "NOT_FOUND")) return null;
      throw error;
    }
  }

  /** The readable manifests, newest first: one, then ever more at a time. */
  async function* readable(site: OpenSite, backups: readonly ListedBackup[], options: AbortOptions) {
    const sorted = backups.filter(({ complete }) => complete).sort(newestFirst);
    for (let [from, lanes] = [0, 1]; from < sorted.length; lanes = Math.min(2 * lanes, LANES)) {
      options.signal?.throwIfAborted();
      const some = sorted.slice(from, from + lanes);
      from += lanes;
      for (const manifest of await Promise.all(some.map((backup) => whole(site, backup, options))))
        if (manifest !== null) yield manifest;
    }
  }

  /** Reads the backups, newest first, into `items`, by their numbers; those that were deleted meanwhile are `null`. */
  async function readAll(
    site: OpenSite,
    backups: readonly ListedBackup[],
    items: Map<number, BackupListItem | null>,
    options: AbortOptions,
  ): Promise<void> {
    if (options.signal !== undefined) setMaxListeners(0, options.signal); // one for each document that is being read
    const queue = backups.entries();
    const lane = async () => {
      for (const [at, backup] of queue) {
        options.signal?.throwIfAborted();
        const found = await item(site, backup, options);
        options.signal?.throwIfAborted();
        items.set(at, found);
      }
    };
    await orAbort(Promise.all(Array.from({ length: LANES }, lane)), options.signal);
  }

  return {
    async list(site, options = {}) {
      const items = new Map<number, BackupListItem | null>();
      await readAll(site, await listed(site, options), items, options);
      return inOrder(items);
    },
    async look(site, until) {
      const backups = await listed(site, { signal: until });
      const items = new Map<number, BackupListItem | null>();
      try {
        await readAll(site, backups, items, { signal: until });
      } catch (error) {
        if (!until.aborted) throw error;
      }
      return { items: inOrder(items), unread: backups.length - items.size };
    },
    manifests: (site, backups, options = {}) => readable(site, backups, options),
    async newest(site, backups, options = {}) {
      for await (const manifest of readable(site, backups, options)) return manifest;
      return null;
    },
    async newestPart(site, backups, isLike, options = {}) {
      for await (const { id, parts } of readable(site, backups, options)) {
        const part = parts.find(isLike);
        if (part !== undefined) return { id, part };
      }
      return null;
    },
  };
}

/** The finished backups as the storage lists them, newest first. */
async function listed(site: OpenSite, options: AbortOptions): Promise<readonly ListedBackup[]> {
  const backups: ListedBackup[] = [];
  const all = interruptible(site.repository.list(options), options.signal);
  for await (const backup of all) if (backup.complete) backups.push(backup);
  return backups.sort(newestFirst);
}

function inOrder(items: ReadonlyMap<number, BackupListItem | null>): readonly BackupListItem[] {
  const found = [...items].sort(([a], [b]) => a - b);
  return found.flatMap(([, item]) => item ?? []);
}

/** Reads one backup, past what is remembered. */
export async function readBackup(site: OpenSite, id: string, options: AbortOptions): Promise<Backup> {
  const manifest = await site.repository.manifest(id, options);
  const labels = await site.repository.labels(id, options);
  return describeBackup(site.name, manifest, labels, await verificationsOf(site, id, options));
}

/** Documents that are remembered while the storage shows them as they were. */
class Stamped<T> {
  readonly #known = new Map<string, { readonly stamp: string; readonly value: T }>();

  async get(key: string, stamp: string, read: () => Promise<T>): Promise<T> {
    const known = this.#known.get(key);
    if (known?.stamp === stamp) return known.value;
    const value = await read();
    this.#known.set(key, { stamp, value });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= REMEMBERED) break;
      this.#known.delete(oldest);
    }
    return value;
  }
}

function damaged(site: OpenSite, id: string, error: LifeboatError): BackupListItem {
  const { time, trigger } = parseBackupId(id) ?? { time: new Date(0), trigger: "manual" };
  return { status: "damaged", summary: `damaged: ${error.message}`, id, site: site.name, time, trigger, error };
}

function newestFirst(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}
