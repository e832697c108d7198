import { describe } from "vitest";
import { aborting } from "./aborting.ts";
import { access } from "./access.ts";
import { arbitrary } from "./arbitrary.ts";
import { bodies } from "./bodies.ts";
import { capabilities } from "./capabilities.ts";
import { concurrency } from "./concurrency.ts";
import { copying } from "./copying.ts";
import { creating } from "./creating.ts";
import { deleting } from "./deleting.ts";
import { disposal } from "./disposal.ts";
import { failing } from "./failing.ts";
import { flow } from "./flow.ts";
import { storageHarness } from "./harness.ts";
import { keys } from "./keys.ts";
import { leaving } from "./leaving.ts";
import { listing } from "./listing.ts";
import { model } from "./model.ts";
import type { StorageSuiteOptions } from "./options.ts";
import { racing } from "./racing.ts";
import { ranges } from "./ranges.ts";

const THEMES = {
  capabilities,
  access,
  bodies,
  ranges,
  keys,
  listing,
  deleting,
  "creating only": creating,
  racing,
  copying,
  "failing bodies": failing,
  aborting,
  leaving,
  flow,
  concurrency,
  disposal,
  "random cases": arbitrary,
  "random sequences": model,
};

/**
 * The conformance suite of storages: defines vitest tests for everything that the
 * `Storage` contract promises. What a storage cannot do, its `capabilities` say;
 * the suite then checks that it says so, instead of leaving the test out.
 *
 * Call it at the top of a test file. Every test gets an empty storage of its own.
 */
export function storageSuite(name: string, options: StorageSuiteOptions): void {
  describe(`${name} keeps the storage contract`, () => {
    const harness = storageHarness(options);
    for (const [theme, define] of Object.entries(THEMES)) describe(theme, () => define(harness));
  });
}
