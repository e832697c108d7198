import {
  type AbortOptions,
  type BackupLabels,
  type CheckOptions,
  isLifeboatError,
  LifeboatError,
  type ListedBackup,
  type Manifest,
  type SiteContext,
  type VerificationResult,
  type WorkDone,
} from "@lifeboat/contracts";
import { checkObjects, type ObjectCheckLevel } from "./check.ts";
import { readSiteDocument, type SiteDocument, writeSiteDocument } from "./document.ts";
import { openFences } from "./fences.ts";
import { fieldReader } from "./fields.ts";
import { backupKey, LABELS_NAME, MANIFEST_NAME, VERIFIED_NAME } from "./keys.ts";
import { type LateVerdict, listBackups, removeBackups, withoutLate } from "./listing.ts";
import { joinManifest, splitManifest } from "./manifest-fields.ts";
import { verificationFields, verificationResults } from "./verifications.ts";

/** A site's manifests and labels: what every format needs and none does its own way. */
export interface Manifests {
  /**
   * Writes a backup's manifest. With it the backup exists, so it comes last.
   *
   * @throws ALREADY_EXISTS where the backup has one; INVALID where the manifest is of another site
   */
  commit(manifest: Manifest, options?: AbortOptions): Promise<void>;
  /**
   * Every backup's folder, in one listing of the storage, and one of the fences. A backup whose manifest came after
   * its run had been given up is looked at, until it was found whole once.
   */
  list(options?: AbortOptions): AsyncIterable<ListedBackup>;
  /**
   * Reads a manifest and checks its MAC and every member.
   *
   * @throws NOT_FOUND; CORRUPT; WRONG_KEY; INCOMPATIBLE where it is of another site or backup; UNSUPPORTED where
   * a newer version wrote it
   */
  manifest(id: string, options?: AbortOptions): Promise<Manifest>;
  /** Reads a backup's labels; where it has none, it has no label and is not preserved. Throws as {@link manifest}. */
  labels(id: string, options?: AbortOptions): Promise<BackupLabels>;
  /** Replaces a backup's labels. */
  setLabels(id: string, labels: BackupLabels, options?: AbortOptions): Promise<void>;
  /** Reads the results of a backup's verifications; none where there are none. Throws as {@link manifest}. */
  verifications(id: string, options?: AbortOptions): Promise<readonly VerificationResult[]>;
  /** Replaces them. */
  setVerifications(id: string, results: readonly VerificationResult[], options?: AbortOptions): Promise<void>;
  /** Deletes backups, finished or not: the manifests first, so that none is listed half-deleted. */
  remove(ids: readonly string[], options?: AbortOptions): Promise<void>;
  /**
   * Checks that each object of a backup is there with its size, and at `checksum`
   * that its bytes have the SHA-256 of the manifest. Damage is told through
   * `onProblem`; it rejects only where the storage could not be asked.
   */
  checkObjects(id: string, manifest: Manifest, level: ObjectCheckLevel, options: CheckOptions): Promise<WorkDone>;
}

/** How a format judges a backup whose manifest came late. */
export interface ManifestsOptions {
  /**
   * Looks whether all that the backup needs is there to stay. Default: whether any of its objects is there,
   * since who gives a run up removes them all.
   */
  readonly look?: ((manifest: Manifest, options: AbortOptions) => Promise<LateVerdict>) | undefined;
}

const NAMES = { manifest: MANIFEST_NAME, labels: LABELS_NAME, verification: VERIFIED_NAME };

/** Opens a site's manifests. Does no I/O of its own. */
export function openManifests(site: SiteContext, { look }: ManifestsOptions = {}): Manifests {
  const { storage } = site;
  const fences = openFences(site);
  /** Late backups that were found whole once, by their manifests' stamps: they stay believed. */
  const believed = new Map<string, string>();

  async function judge({ id, stamp }: ListedBackup, options: AbortOptions): Promise<LateVerdict> {
    if (believed.get(id) === stamp) return "believed";
    const verdict = await judgeAnew(id, options);
    if (verdict === "believed") believed.set(id, stamp);
    return verdict;
  }

  async function judgeAnew(id: string, options: AbortOptions): Promise<LateVerdict> {
    let manifest: Manifest;
    try {
      manifest = await readManifest(id, options);
    } catch (error) {
      const unreadable = ["NOT_FOUND", "CORRUPT", "WRONG_KEY", "INCOMPATIBLE", "UNSUPPORTED"] as const;
      if (unreadable.some((code) => isLifeboatError(error, code))) return "believed"; // whoever reads it is told
      throw error;
    }
    return look === undefined ? anyObject(manifest, options) : look(manifest, options);
  }

  async function anyObject({ id, parts }: Manifest, options: AbortOptions): Promise<LateVerdict> {
    const objects = parts.flatMap((part) => part.objects);
    for (const { name } of objects) {
      if ((await storage.stat(backupKey(id, name), options)) !== null) return "believed";
    }
    return objects.length === 0 ? "believed" : "void";
  }

  async function readManifest(id: string, options?: AbortOptions): Promise<Manifest> {
    const place = document("manifest", id);
    const halves = await readSiteDocument(site, place, options);
    return joinManifest({ id, siteId: site.siteId }, halves, fieldReader("manifest.read", place.key));
  }

  function document(type: keyof typeof NAMES, id: string): SiteDocument {
    return { type, id, key: backupKey(id, NAMES[type]), version: 1 };
  }

  return {
    async commit(manifest, { signal } = {}) {
      if (manifest.siteId !== site.siteId) throw otherSite(manifest);
      const { open, details } = splitManifest(manifest);
      await writeSiteDocument(site, document("manifest", manifest.id), open, details, { signal, ifAbsent: true });
    },
    list: (options = {}) =>
      withoutLate(listBackups(storage, options), fences, (backup) => judge(backup, options), options),
    manifest: readManifest,
    async labels(id, options) {
      const place = document("labels", id);
      try {
        const { details } = await readSiteDocument(site, place, options);
        const read = fieldReader("labels.read", place.key);
        const preserve = read.flag(details.preserve, "preserve");
        return details.label === undefined ? { preserve } : { label: read.text(details.label, "label"), preserve };
      } catch (error) {
        if (isLifeboatError(error, "NOT_FOUND")) return { preserve: false };
        throw error;
      }
    },
    async setLabels(id, { label, preserve }, options = {}) {
      const details = label === undefined ? { preserve } : { label, preserve };
      await writeSiteDocument(site, document("labels", id), {}, details, options);
    },
    async verifications(id, options) {
      const place = document("verification", id);
      try {
        const { details } = await readSiteDocument(site, place, options);
        return verificationResults(details, fieldReader("verification.read", place.key));
      } catch (error) {
        if (isLifeboatError(error, "NOT_FOUND")) return [];
        throw error;
      }
    },
    async setVerifications(id, results, options = {}) {
      await writeSiteDocument(site, document("verification", id), {}, verificationFields(results), options);
    },
    remove: (ids, options) => removeBackups(storage, ids, options),
    checkObjects: (id, manifest, level, options) => checkObjects(site, id, manifest, level, options),
  };
}

function otherSite(manifest: Manifest): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "manifest.commit",
    key: manifest.id,
    message: `The manifest of ${manifest.id} is of another site than the one it is written to.`,
  });
}
