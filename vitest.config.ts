import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import { workerCodeVite } from "./scripts/worker-code.mjs";

export default defineConfig({
  plugins: [workerCodeVite()],
  ssr: { resolve: { conditions: ["@lifeboat/source", ...defaultServerConditions] } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "scripts/test/*.test.ts", "bench/test/*.test.ts"],
    testTimeout: 30_000,
  },
});
