import { availableParallelism } from "node:os";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import { workerCodeVite } from "./scripts/worker-code.mjs";

/** Limits are there for what hangs: on a machine that is busy with others a test takes ten times as long. */
const patient = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 30_000 } } };
const setupFiles = ["scripts/equal-bytes.ts"];

const quick = {
  ...patient,
  setupFiles,
  include: ["packages/*/test/**/*.test.ts", "scripts/test/*.test.ts", "bench/test/*.test.ts"],
};

/**
 * What changes or measures the process that it runs in: mocked modules, spies, clocks, environment, memory. These have
 * a process of their own; all others share theirs, which spares each file to load and compile everything anew.
 */
const ALONE = [
  "packages/contracts/test/clock.test.ts",
  "packages/core/test/{jobs,leases}.test.ts",
  "packages/disk/test/block-writer.test.ts",
  "packages/lifeboat/test/site-test.test.ts",
  "packages/sources/test/{durable,restore,rivals,walk}.test.ts",
  "packages/storage-decorators/test/{bandwidth,retry,time-limits}.test.ts",
  "packages/storage-local/test/disk.test.ts",
  "packages/storage-s3/test/memory.test.ts",
  "packages/storage-sftp/test/faults.test.ts",
  "packages/test-servers/test/servers.test.ts",
  "packages/threads/test/*.test.ts",
];

/** What takes minutes: real sizes, real kills, other programs. */
const acceptance = {
  setupFiles,
  include: ["packages/*/test/acceptance/*.accept.ts"],
  ...patient,
  testTimeout: 900_000,
};

/** Timed to the second: they have the machine to themselves. */
const TIMED = "packages/*/test/acceptance/{faults,limits}.accept.ts";

/** As Node resolves: builds for bundlers ("module") import without file names that Node could load. */
const conditions = ["@lifeboat/source", ...defaultServerConditions.filter((condition) => condition !== "module")];

export default defineConfig(({ mode }) => {
  const shared = { plugins: [workerCodeVite()], ssr: { resolve: { conditions } } };
  // Vitest would keep one processor for itself; on a machine with two that doubles the time.
  const maxWorkers = availableParallelism();
  if (mode !== "acceptance") {
    const together = { ...quick, name: "together", exclude: ALONE, isolate: false };
    const alone = { ...quick, name: "alone", include: ALONE };
    return { test: { maxWorkers, projects: [together, alone].map((test) => ({ ...shared, test })) } };
  }
  const one = { ...acceptance, name: "one by one", include: [TIMED], sequence: { groupOrder: 1 } };
  const many = { ...acceptance, name: "side by side", exclude: [TIMED], sequence: { groupOrder: 0 } };
  return { test: { maxWorkers, projects: [many, one].map((test) => ({ ...shared, test })) } };
});
