import { type Format, LifeboatError } from "@lifeboat/contracts";
import { dedupRepository } from "./repository.ts";
import { type DedupOptions, dedupSettings, readDedupSettings } from "./settings.ts";

/**
 * The dedup format (docs/spec/dedup.md): each piece of content once, however many backups,
 * sources and hosts share the site.
 *
 * @throws INVALID where an option is out of range
 */
export function dedup(options: DedupOptions = {}): Format {
  const { level = 1 } = options;
  const settings = dedupSettings(options);
  if (!Number.isInteger(level) || level < 1 || level > 19) {
    throw new LifeboatError({
      code: "INVALID",
      operation: "dedup",
      message: `Expected a level from 1 to 19, found ${level}.`,
    });
  }
  return {
    name: "dedup",
    settings: () => settings,
    open: (site) => dedupRepository(site, { profile: readDedupSettings(site.settings), level }),
  };
}
