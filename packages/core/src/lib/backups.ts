import type { AbortOptions, EntryInfo } from "@lifeboat/contracts";
import type { Backup, BackupListItem } from "./backup.ts";
import { readBackup } from "./catalog.ts";
import { deleteBackup } from "./delete-run.ts";
import { expectManifest } from "./find-backup.ts";
import { rebuildBackup } from "./rebuild-run.ts";
import type { RunContext } from "./run-context.ts";

/** Which backup. */
export interface BackupAddress<Site extends string = string> extends AbortOptions {
  readonly site: Site;
  readonly id: string;
}

/** The backups of an engine's sites. */
export interface Backups<Site extends string = string> {
  /**
   * A site's backups, newest first. One whose manifest can't be read is listed as
   * `damaged`; one without a manifest is not listed. A site that nothing was backed up to yet is empty.
   */
  list(options: { readonly site: Site } & AbortOptions): Promise<readonly BackupListItem[]>;
  /** @throws NOT_FOUND, CORRUPT, and what opening the site throws */
  get(address: BackupAddress<Site>): Promise<Backup>;
  /** What is in a part, in the order it was backed up, without fetching the data. @throws NOT_FOUND, CORRUPT */
  entries(address: BackupAddress<Site> & { readonly source: string }): AsyncIterable<EntryInfo>;
  /** Changes a backup's label (`null` takes it away) or whether it is preserved. @throws NOT_FOUND */
  update(
    address: BackupAddress<Site> & {
      readonly label?: string | null | undefined;
      readonly preserve?: boolean | undefined;
    },
  ): Promise<Backup>;
  /**
   * Deletes a backup.
   *
   * @throws NOT_FOUND; LOCKED while it is being made or read; INVALID where it is preserved, unless `force` is `true`
   */
  delete(address: BackupAddress<Site> & { readonly force?: boolean | undefined }): Promise<void>;
  /**
   * Makes a lost or damaged manifest anew from what the parts say of themselves.
   *
   * @throws NOT_FOUND where a part is absent; CORRUPT where one is damaged; LOCKED while it is being made
   */
  rebuild(address: BackupAddress<Site>): Promise<Backup>;
}

/** The backups of an engine. */
export function createBackups(engine: RunContext): Backups {
  return {
    async list({ site: name, signal }) {
      const site = await engine.sites.find(name, { signal });
      return site === null ? [] : engine.catalog.list(site, { signal });
    },
    async get({ site: name, id, signal }) {
      const site = await engine.sites.open(name, { signal });
      await expectManifest(site, id, { signal });
      return readBackup(site, id, { signal });
    },
    async *entries({ site: name, id, source, signal }) {
      const site = await engine.sites.open(name, { signal });
      await expectManifest(site, id, { signal });
      yield* site.repository.entries(id, source, { signal });
    },
    async update({ site: name, id, label, preserve, signal }) {
      const site = await engine.sites.open(name, { signal });
      await expectManifest(site, id, { signal });
      const given = label !== undefined && preserve !== undefined; // then damaged labels are no obstacle
      const current = given ? { preserve } : await site.repository.labels(id, { signal });
      const wanted = label === undefined ? current.label : (label ?? undefined);
      const labels = { ...(wanted === undefined ? {} : { label: wanted }), preserve: preserve ?? current.preserve };
      await site.repository.setLabels(id, labels, { signal });
      return readBackup(site, id, { signal });
    },
    delete: (options) => deleteBackup(engine, options),
    rebuild: (options) => rebuildBackup(engine, options),
  };
}
