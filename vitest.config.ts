import { availableParallelism } from "node:os";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import { workerCodeVite } from "./scripts/worker-code.mjs";

const quick = {
  include: ["packages/*/test/**/*.test.ts", "scripts/test/*.test.ts", "bench/test/*.test.ts"],
  testTimeout: 30_000,
};

/** What takes minutes: real sizes, real kills, other programs. */
const acceptance = {
  include: ["packages/*/test/acceptance/*.accept.ts"],
  testTimeout: 900_000,
};

/** Faults are timed to the second: they have the machine to themselves. */
const FAULTS = "packages/*/test/acceptance/faults.accept.ts";

/** As Node resolves: builds for bundlers ("module") import without file names that Node could load. */
const conditions = ["@lifeboat/source", ...defaultServerConditions.filter((condition) => condition !== "module")];

export default defineConfig(({ mode }) => {
  const shared = { plugins: [workerCodeVite()], ssr: { resolve: { conditions } } };
  // Vitest would keep one processor for itself; on a machine with two that doubles the time.
  const maxWorkers = availableParallelism();
  if (mode !== "acceptance") return { ...shared, test: { ...quick, maxWorkers } };
  const one = { ...acceptance, name: "one by one", include: [FAULTS], sequence: { groupOrder: 1 } };
  const many = { ...acceptance, name: "side by side", exclude: [FAULTS], sequence: { groupOrder: 0 } };
  return { test: { maxWorkers, projects: [many, one].map((test) => ({ ...shared, test })) } };
});
