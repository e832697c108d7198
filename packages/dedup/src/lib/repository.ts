import {
  type AbortOptions,
  LifeboatError,
  type PartInfo,
  type Repository,
  type SiteContext,
} from "@lifeboat/contracts";
import { openManifests } from "@lifeboat/manifests";
import type { ChunkProfile } from "./chunk/profile.ts";
import { diffParts } from "./compare/differing.ts";
import { type DedupSite, openDedupSite } from "./dedup-site.ts";
import { siteLocator } from "./index/locator.ts";
import type { Body } from "./list/refs.ts";
import { createPruner } from "./prune/prune.ts";
import { bodyContents } from "./read/body-contents.ts";
import { openPartObject } from "./read/open-part.ts";
import { openReading, readEntries, rowsOf } from "./read/reading.ts";
import { entryOf } from "./read/row-entry.ts";
import { rebuildManifest } from "./rebuild.ts";
import { repairSite } from "./repair/repair.ts";
import { lookAtLate } from "./session/look.ts";
import { sealingKey } from "./site-key.ts";
import { verifyBackup } from "./verify/verify.ts";
import { verifySite } from "./verify/verify-site.ts";
import { beginBackup } from "./write/backup-writer.ts";

/** How a site's backups are written. */
export interface DedupSetup {
  readonly profile: ChunkProfile;
  /** zstd's, 1 to 19. */
  readonly level: number;
}

/** A site's backups, each piece of content kept once. */
export function dedupRepository(site: SiteContext, { profile, level }: DedupSetup): Repository {
  const key = sealingKey(site);
  const { storage, siteId, threads } = site;
  const manifests = openManifests(site, {
    look: async (manifest, options) => lookAtLate(await opened(), manifest, options),
  });
  let opening: Promise<DedupSite> | undefined;

  function opened(): Promise<DedupSite> {
    opening ??= openDedupSite(site);
    return opening;
  }

  const pruner = createPruner(opened, manifests);

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

  async function read(options: AbortOptions) {
    const { tools } = await opened();
    return openReading({ storage, key, threads, locator: siteLocator(storage, tools) }, options);
  }

  const contents = bodyContents(site, read);
  const identify = (body: Body) => contents.identify(body);

  return {
    async begin(start, options) {
      return beginBackup({ site: await opened(), profile, manifests, level }, start, options);
    },
    list: (options) => manifests.list(options),
    manifest: (id, options) => manifests.manifest(id, options),
    labels: (id, options) => manifests.labels(id, options),
    setLabels: (id, labels, options) => manifests.setLabels(id, labels, options),
    verifications: (id, options) => manifests.verifications(id, options),
    setVerifications: (id, results, options) => manifests.setVerifications(id, results, options),
    remove: (ids, options) => manifests.remove(ids, options),
    rebuild: (id, options) => rebuildManifest(site, manifests, id, options),

    async *entries(id, source, options = {}) {
      const part = await openPart(id, source, options);
      await using reading = await read(options);
      for await (const rows of rowsOf(reading, part)) for (const row of rows) yield entryOf(row, identify);
    },
    async *read(id, source, options = {}) {
      const part = await openPart(id, source, options);
      await using reading = await read(options);
      yield* readEntries(reading, part, { ...options, identify });
    },
    async diff(before, after, options = {}) {
      const { root: first } = await openPart(before.id, before.source, options);
      const { root: second } = await openPart(after.id, after.source, options);
      return diffParts(first, second, { read, identify }, options);
    },
    async verify(id, level, options) {
      const { tools } = await opened();
      const manifest = await manifests.manifest(id, options);
      return verifyBackup({ site, manifests, tools }, manifest, level, options);
    },
    verifyAll: async (level, options) => verifySite(await opened(), manifests, level, options),
    planPrune: (options) => pruner.planPrune(options),
    prune: (plan, options) => pruner.prune(plan, options),
    repair: async (options) => repairSite(await opened(), manifests, options),
    [Symbol.asyncDispose]: () => contents[Symbol.asyncDispose](),
  };
}
