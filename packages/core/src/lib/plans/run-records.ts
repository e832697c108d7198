import { randomBytes } from "node:crypto";
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

/** The run records of sites (docs/spec/manifest.md, "Run records"). Each is read once; what can't be read tells nothing. */
export interface RunRecords {
  /** All that a site has, oldest first. */
  load(site: OpenSite, options?: AbortOptions): Promise<readonly RunRecord[]>;
  /** Writes one, and takes away what is old. `warn` is told where that could not be done. */
  write(site: OpenSite, record: Omit<RunRecord, "id">, options: WriteOptions): Promise<RunRecord>;
}

/** How a record is written. */
export interface WriteOptions extends AbortOptions {
  readonly warn: (error: unknown) => void;
}

/** Makes a reader and writer that knows of nothing yet. */
export function createRunRecords(): RunRecords {
  const known = new Map<string, ReadonlyMap<string, RunRecord | null>>();

  async function load(site: OpenSite, options: AbortOptions = {}): Promise<RunRecord[]> {
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
    const lane = async () => {
      for (const id of queue) found.set(id, await read(site, id, options));
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    const all = new Map([...found].map(([id, record]) => [id, record ?? null]));
    known.set(siteId, all);
    return [...all.values()].filter((record) => record !== null);
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
      const id = `${fields.finished.toISOString().replaceAll(":", "-")}-${randomBytes(4).toString("hex")}`;
      const record = { ...fields, id };
      await writeSiteDocument(site.context, place(id), {}, recordFields(record), { signal });
      try {
        await trim(site, { signal });
      } catch (error) {
        signal?.throwIfAborted();
        if (!isLifeboatError(error, "PERMISSION_DENIED")) warn(error); // append-only sites keep them all
      }
      return record;
    },
  };
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
