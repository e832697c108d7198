import {
  type AbortOptions,
  type BackupWriter,
  LifeboatError,
  type PartInfo,
  type Repository,
  type SiteContext,
} from "@lifeboat/contracts";
import { backupKey, openManifests } from "@lifeboat/manifests";
import { readIndex } from "./index-reader.ts";
import { openPartAccess } from "./part-access.ts";
import { badLayout, openPart, type PartLayout, parsePartName } from "./part-layout.ts";
import { assertBelongs, openMetadata } from "./part-metadata.ts";
import { type PartReading, readPart } from "./read-part.ts";
import { rebuildManifest } from "./rebuild.ts";
import { damageProblem, verifyPart } from "./verify-part.ts";
import { type Compression, writePart } from "./write-part.ts";

/** A site's backups as archives. */
export function archiveRepository(site: SiteContext, compression: Compression): Repository {
  const manifests = openManifests(site);

  async function findPart(id: string, source: string, options: AbortOptions): Promise<PartInfo> {
    const manifest = await manifests.manifest(id, options);
    const part = manifest.parts.find((candidate) => candidate.source === source);
    if (part !== undefined) return part;
    const known = manifest.parts.map((candidate) => candidate.source).join(", ");
    throw new LifeboatError({
      code: "NOT_FOUND",
      operation: "archive.read",
      key: id,
      message: `Backup ${id} has no source "${source}"; it has: ${known || "none"}.`,
    });
  }

  return {
    async begin(backup) {
      const writer: BackupWriter = {
        part: (start, entries, options = {}) => writePart(site, compression, backup, start, entries, options),
        commit: (manifest, options) => manifests.commit(manifest, options),
        abort: (options) => manifests.remove([backup.id], options),
      };
      return writer;
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
      const part = await findPart(id, source, options);
      await using reading = await openReading(site, id, part, options);
      for await (const batch of reading.rows) for (const { info } of batch) yield info;
    },
    async *read(id, source, options = {}) {
      const part = await findPart(id, source, options);
      await using reading = await openReading(site, id, part, options);
      yield* readPart(reading, options);
    },
    async verify(id, level, options) {
      const manifest = await manifests.manifest(id, options);
      if (level !== "content") return manifests.checkObjects(id, manifest, level, options);
      // In a plain part no tag covers tar's headers and padding: the digest of the whole object does.
      if (site.secret === null)
        await manifests.checkObjects(id, manifest, "checksum", { ...options, onProgress: undefined });
      const { sources } = options;
      let done = { entries: 0, bytes: 0, storedBytes: 0 };
      for (const part of manifest.parts) {
        if (sources !== undefined && !sources.includes(part.source)) continue;
        const before = done;
        const onProgress: typeof options.onProgress = (now) => {
          done = {
            entries: before.entries + now.entries,
            bytes: before.bytes + now.bytes,
            storedBytes: before.storedBytes + now.storedBytes,
          };
          options.onProgress?.(done);
        };
        const object = part.objects[0]?.name ?? "";
        try {
          await using reading = await openReading(site, id, part, options);
          await verifyPart(reading, object, { ...options, onProgress });
        } catch (error) {
          const problem = damageProblem(error, part.source, object);
          if (problem === null) throw error;
          options.onProblem(problem);
        }
      }
      return done;
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** Opens a part for reading; disposing it stops its threads and requests. */
async function openReading(
  site: SiteContext,
  id: string,
  part: PartInfo,
  options: AbortOptions,
): Promise<PartReading & AsyncDisposable> {
  const layout = await findLayout(site, id, part, options);
  const opened = await openPartAccess(site, layout, options);
  try {
    const metadata = await openMetadata(opened.access);
    assertBelongs(metadata, { key: layout.key, siteId: site.siteId, id, source: part.source });
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
  const { threads, access, index } = opened;
  const dispose = () => opened[Symbol.asyncDispose]();
  return { layout, threads, part, access, rows: readIndex(index, options.signal), [Symbol.asyncDispose]: dispose };
}

async function findLayout(site: SiteContext, id: string, part: PartInfo, options: AbortOptions): Promise<PartLayout> {
  const stored = part.objects[0];
  const object = stored === undefined ? null : parsePartName(stored.name);
  if (stored === undefined || object === null)
    throw badLayout(id, `its manifest names no archive for "${part.source}"`);
  const key = backupKey(id, stored.name);
  const found = await site.storage.stat(key, options);
  if (found !== null && found.size !== stored.size) {
    throw badLayout(key, `it has ${found.size} bytes, its manifest says ${stored.size}`);
  }
  return openPart(site.storage, key, object, stored.size, site.secret, options);
}
