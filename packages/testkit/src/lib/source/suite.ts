import { describe } from "vitest";
import { entries } from "./entries.ts";
import { sourceTest } from "./harness.ts";
import type { SourceSuiteOptions } from "./options.ts";
import { restoring } from "./restoring.ts";
import { stopping } from "./stopping.ts";

const THEMES = { entries, restoring, stopping };

/**
 * The conformance suite of sources: defines vitest tests for what the `Source`
 * contract promises. Entries are kept and handed back as a format would, so no
 * format and no storage takes part.
 *
 * Call it at the top of a test file. Every test gets a source over data of its own.
 */
export function sourceSuite(name: string, options: SourceSuiteOptions): void {
  describe(`${name} keeps the source contract`, () => {
    for (const [theme, define] of Object.entries(THEMES)) describe(theme, () => define(sourceTest(options)));
  });
}
