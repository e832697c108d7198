import { tmpdir } from "node:os";
import { archive } from "@lifeboat/archive";
import type { Source } from "@lifeboat/contracts";
import {
  type BackupEngine,
  type EngineOptions as CoreOptions,
  type SiteOptions as CoreSiteOptions,
  createBackupEngine as createCore,
  type PlanName,
  type PlanOptions,
  type SiteName,
  type SourceName,
} from "@lifeboat/core";
import { directory } from "@lifeboat/sources";

/** A place for backups. */
export interface SiteOptions extends Omit<CoreSiteOptions, "format"> {
  /** How backups are laid out in it. Default: `archive()`. */
  readonly format?: CoreSiteOptions["format"] | undefined;
}

/** What an engine is made from. */
export interface EngineOptions<
  Sources extends readonly Source[] = readonly Source[],
  Sites extends Readonly<Record<string, SiteOptions>> = Readonly<Record<string, SiteOptions>>,
  Plans extends Readonly<Record<string, PlanOptions<SiteName<Sites>, SourceName<Sources>>>> = Readonly<
    Record<string, PlanOptions<SiteName<Sites>, SourceName<Sources>>>
  >,
> extends Omit<CoreOptions<Sources>, "sites" | "plans"> {
  /** The places for backups, by the host's names for them. */
  readonly sites: Sites;
  /** What is backed up by itself once the engine was started, by the host's names for it. Default: nothing. */
  readonly plans?: Plans | undefined;
}

/**
 * Makes an engine, as `@lifeboat/core` does, with the format `archive()` where a site
 * names none, and with sources that are no longer registered restored as plain directories.
 *
 * @throws INVALID for a source id that is malformed or taken
 */
export function createBackupEngine<
  const Sources extends readonly Source[],
  const Sites extends Readonly<Record<string, SiteOptions>>,
  const Plans extends Readonly<Record<string, PlanOptions<SiteName<Sites>, SourceName<Sources>>>> = Record<
    never,
    never
  >,
>(options: EngineOptions<Sources, Sites, Plans>): BackupEngine<SiteName<Sites>, SourceName<Sources>, PlanName<Plans>> {
  const sites = Object.entries(options.sites).map(([name, site]) => [
    name,
    { ...site, format: site.format ?? archive() },
  ]);
  const unregistered = (id: string, path: string) => directory(id, { path });
  return createCore({ temporaryDirectory: tmpdir(), unregistered, ...options, sites: Object.fromEntries(sites) });
}
