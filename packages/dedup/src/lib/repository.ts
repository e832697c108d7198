import {
  type AbortOptions,
  LifeboatError,
  type PartInfo,
  type Repository,
  type SiteContext,
} from "@lifeboat/contracts";
import { openCodec, setupCodec } from "@lifeboat/frames";
import { openManifests } from "@lifeboat/manifests";
import type { ChunkProfile } from "./chunk/profile.ts";
import type { IndexTools } from "./index/index-object.ts";
import { openPartObject } from "./read/open-part.ts";
import { openReading, readEntries, rowsOf } from "./read/reading.ts";
import { entryOf } from "./read/row-entry.ts";
import { siteLocator } from "./read/site-locator.ts";
import { rebuildManifest } from "./rebuild.ts";
import { sealingKey } from "./site-key.ts";
import { beginBackup } from "./write/backup-writer.ts";

/** How a site's backups are written. */
export interface DedupSetup {
  readonly profile: ChunkProfile;
  /** zstd's, 1 to 19. */
  readonly level: number;
}

/** A site's backups, each piece of content kept once. */
export function dedupRepository(site: SiteContext, { profile, level }: DedupSetup): Repository {
  const manifests = openManifests(site);
  const key = sealingKey(site);
  const { storage, siteId, threads } = site;
  let tools: Promise<IndexTools> | undefined;

  function indexTools(): Promise<IndexTools> {
    tools ??= setupCodec("zstd", level)
      .then(openCodec)
      .then((zstd) => ({ key, zstd }));
    return tools;
  }

  async function findPart(id: string, source: string, options: AbortOptions): Promise<PartInfo> {
    const manifest = await manifests.manifest(id, options);
    const part = manifest.parts.find((candidate) => candidate.source === source);
    if (part !== undefined) return part;
    const known = manifest.parts.map((candidate) => candidate.source).join(", ");
    throw new LifeboatError({
      code: "NOT_FOUND",
      operation: "dedup.read",
      key: id,
      message: `Backup ${id} has no source "${source}"; it has: ${known || "none"}.`,
    });
  }

  async function openPart(id: string, source: string, options: AbortOptions) {
    const part = await findPart(id, source, options);
    const { list } = await openPartObject({ storage, key, siteId, id }, part, options);
    return { part, root: list };
  }

  function read(options: AbortOptions) {
    return openReading({ storage, key, threads, locator: siteLocator(storage, indexTools) }, options);
  }

  return {
    begin: (start, options) =>
      beginBackup({ site, profile, manifests, indexTools, level, avoid: async () => new Set() }, start, options),
    list: (options) => manifests.list(options),
    manifest: (id, options) => manifests.manifest(id, options),
    labels: (id, options) => manifests.labels(id, options),
    setLabels: (id, labels, options) => manifests.setLabels(id, labels, options),
    remove: (ids, options) => manifests.remove(ids, options),
    rebuild: (id, options) => rebuildManifest(site, manifests, id, options),

    async *entries(id, source, options = {}) {
      const opened = await openPart(id, source, options);
      await using reading = await read(options);
      for await (const rows of rowsOf(reading, opened)) for (const row of rows) yield entryOf(row);
    },
    async *read(id, source, options = {}) {
      const opened = await openPart(id, source, options);
      await using reading = await read(options);
      yield* readEntries(reading, opened, options);
    },
    async verify() {
      throw new LifeboatError({ code: "UNSUPPORTED", operation: "dedup.verify", message: "Not verified yet." });
    },
    async [Symbol.asyncDispose]() {},
  };
}
