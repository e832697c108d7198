import { type Format, LifeboatError } from "@lifeboat/contracts";
import type { CodecName } from "@lifeboat/frames";
import { archiveRepository } from "./repository.ts";

/** Options of {@link archive}. */
export interface ArchiveOptions {
  /**
   * How new parts are compressed. Every supported Node reads both. Default: `"zstd"`;
   * choose `"gzip"` where the archives must open with tools that know nothing newer.
   */
  readonly compression?: CodecName;
  /** 1 (fast) to 19 for zstd, 1 to 9 for gzip. Default: 1. */
  readonly level?: number;
}

const MAX_LEVEL: Readonly<Record<CodecName, number>> = { zstd: 19, gzip: 9 };

/**
 * The archive format (docs/spec/archive.md): one compressed tar for each source,
 * sealed where the site is encrypted, and readable at random.
 *
 * @throws INVALID where an option is out of range
 */
export function archive({ compression = "zstd", level = 1 }: ArchiveOptions = {}): Format {
  const max = MAX_LEVEL[compression] as number | undefined;
  if (max === undefined || !Number.isInteger(level) || level < 1 || level > max) {
    throw new LifeboatError({
      code: "INVALID",
      operation: "archive",
      message: `Expected compression "zstd" (level 1–19) or "gzip" (level 1–9), found "${compression}" at level ${level}.`,
    });
  }
  return { name: "archive", open: (site) => archiveRepository(site, { codec: compression, level }) };
}
