import { availableParallelism } from "node:os";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import { workerCodeVite } from "./scripts/worker-code.mjs";

const quick = {
  include: ["packages/*/test/**/*.test.ts", "scripts/test/*.test.ts", "bench/test/*.test.ts"],
  testTimeout: 30_000,
  // Vitest would keep one processor for itself; on a machine with two that doubles the time.
  maxWorkers: availableParallelism(),
};

/** What takes minutes: real sizes, real kills, other programs, one after the other. */
const acceptance = {
  include: ["packages/*/test/acceptance/*.accept.ts"],
  testTimeout: 900_000,
  fileParallelism: false,
};

/** As Node resolves: builds for bundlers ("module") import without file names that Node could load. */
const conditions = ["@lifeboat/source", ...defaultServerConditions.filter((condition) => condition !== "module")];

export default defineConfig(({ mode }) => ({
  plugins: [workerCodeVite()],
  ssr: { resolve: { conditions } },
  test: mode === "acceptance" ? acceptance : quick,
}));
