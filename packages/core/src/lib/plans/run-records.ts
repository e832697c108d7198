import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { type AbortOptions, isLifeboatError } from "@lifeboat/contracts";
import { readSiteDocument, type SiteDocument, writeSiteDocument } from "@lifeboat/manifests";
import { isDamage } from "../errors.ts";
import type { OpenSite } from "../sites.ts";
import type { RunRecord } from "./plan-types.ts";
import { recordFields, recordOf } from "./record-fields.ts";
import { recordsToTrim } from "./trim-records.ts";

const PREFIX = "runs/";
const ID = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}Z-[0-9a-f]{8}$/;
/** So many are read at once. */
const LANES = 16;

/** A record that has yet to get its id. */
export type NewRunRecord = Omit<RunRecord, "id">;

/** The run records of sites (docs/spec/manifest.md, "Run records"). Each is read once; what can't be read tells nothing. */
export interface RunRecords {
  /** All that a site has, oldest first, and what is kept for it here, which is written as soon as that goes. */
  load(site: OpenSite, options?: AbortOptions): Promise<readonly RunRecord[]>;
  /** Writes one, and takes away what is old. `warn` is told where that could not be done. */
  write(site: OpenSite, record: NewRunRecord, options: WriteOptions): Promise<RunRecord>;
  /** Keeps one in memory, for a site that can't be written now. */
  keep(site: string, record: NewRunRecord): void;
  /** What is kept in memory for a site, oldest first. */
  kept(site: string): readonly RunRecord[];
}

/** How a record is written. */
export interface WriteOptions extends AbortOptions {
  readonly warn: (error: unknown) => void;
}

/** So many are kept in memory for one site; older ones are forgotten. */
const MAX_KEPT = 100;

/** Makes a reader and writer that knows of nothing yet. */
export function createRunRecords(): RunRecords {
  const known = new Map<string, ReadonlyMap<string, RunRecord | null>>();
  const waiting = new Map<string, readonly RunRecord[]>();
  const kept = (site: string) => waiting.get(site) ?? [];

  async function put(site: OpenSite, record: RunRecord, { signal }: AbortOptions): Promise<void> {
    await writeSiteDocument(site.context, place(record.id), {}, recordFields(record), { signal });
  }

  /** Writes what was kept; what can't be written stays kept. */
  async function flush(site: OpenSite, options: AbortOptions): Promise<void> {
    for (const record of kept(site.name)) {
      try {
        await put(site, record, options);
      } catch {
        options.signal?.throwIfAborted();
        return; // it is kept, and counts as if it were there
      }
      waiting.set(
        site.name,
        kept(site.name).filter(({ id }) => id !== record.id),
      );
    }
  }

  async function load(site: OpenSite, options: AbortOptions = {}): Promise<RunRecord[]> {
    await flush(site, options);
    const { siteId, storage } = site.context;
    const before = known.get(siteId) ?? new Map<string, RunRecord | null>();
    const ids: string[] = [];
    for await (const { key } of storage.list(PREFIX, options)) {
      const id = key.slice(PREFIX.length).replace(/\.json$/, "");
      if (ID.test(id) && key === place(id).key) ids.push(id);
    }
    ids.sort();
    const found = new Map(ids.map((id) => [id, before.get(id)]));
    const queue = ids.filter((id) => !before.has(id)).values();
    if (options.signal !== undefined) setMaxListeners(0, options.signal); // one for each that is being read
    const lane = async () => {
      for (const id of queue) found.set(id, await read(site, id, options));
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    const all = new Map([...found].map(([id, record]) => [id, record ?? null]));
    known.set(siteId, all);
    const there = [...all.values()].filter((record) => record !== null);
    return [...there, ...kept(site.name)].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async function trim(site: OpenSite, options: AbortOptions): Promise<void> {
    const old = recordsToTrim(await load(site, options));
    if (old.length > 0)
      await site.context.storage.delete(
        old.map((id) => place(id).key),
        options,
      );
  }

  return {
    load,
    async write(site, fields, { signal, warn }) {
      const record = { ...fields, id: newId(fields) };
      await put(site, record, { signal });
      try {
        await trim(site, { signal });
      } catch (error) {
        signal?.throwIfAborted();
        if (!isLifeboatError(error, "PERMISSION_DENIED")) warn(error); // append-only sites keep them all
      }
      return record;
    },
    keep(site, fields) {
      waiting.set(site, [...kept(site), { ...fields, id: newId(fields) }].slice(-MAX_KEPT));
    },
    kept,
  };
}

function newId({ finished }: NewRunRecord): string {
  return `${finished.toISOString().replaceAll(":", "-")}-${randomBytes(4).toString("hex")}`;
}

async function read(site: OpenSite, id: string, options: AbortOptions): Promise<RunRecord | null> {
  try {
    const { details } = await readSiteDocument(site.context, place(id), options);
    return recordOf(id, details);
  } catch (error) {
    if (isDamage(error) || isLifeboatError(error, "NOT_FOUND")) return null; // another host may have trimmed it
    throw error;
  }
}

function place(id: string): SiteDocument {
  return { type: "run", id, key: `${PREFIX}${id}.json`, version: 1 };
}
