import { describe } from "vitest";
import { damage } from "./damage.ts";
import { faults } from "./faults.ts";
import type { FormatSuiteOptions } from "./options.ts";
import { reading } from "./reading.ts";
import { rebuilding } from "./rebuilding.ts";
import { removing } from "./removing.ts";
import { roundTrip } from "./round-trip.ts";
import { formatHarness } from "./site.ts";
import { troubles } from "./troubles.ts";
import { writing } from "./writing.ts";

const THEMES = {
  "round trip": roundTrip,
  writing,
  "troubles of a source": troubles,
  reading,
  damage,
  "removing and labels": removing,
  rebuilding,
  "faults of the storage": faults,
};

/**
 * The conformance suite of formats: defines vitest tests that drive a format
 * through its contract, on an unencrypted site and, where a secret is given, on
 * an encrypted one: hard entries come back as they were, nothing is listed before
 * it is complete, damage is told, and a storage that fails at any call leaves
 * nothing that is listed but does not verify.
 *
 * Call it at the top of a test file. Every test gets a storage of its own.
 */
export function formatSuite(name: string, options: FormatSuiteOptions): void {
  const secrets = options.secret === undefined ? [null] : [null, options.secret];
  for (const secret of secrets) {
    describe(`${name}, ${secret === null ? "unencrypted" : "encrypted"}, keeps the format contract`, () => {
      const harness = formatHarness(options, secret);
      for (const [theme, define] of Object.entries(THEMES)) describe(theme, () => define(harness));
    });
  }
}
