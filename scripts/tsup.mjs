// The one build configuration that every package shares.
import { defineConfig } from "tsup";
import { workerCodeEsbuild } from "./worker-code.mjs";

/** @param {Record<string, string>} entry names of the package's public entries */
export function library(entry = { index: "src/index.ts" }) {
  return defineConfig({
    entry,
    format: "esm",
    target: "es2023",
    platform: "node",
    clean: true,
    sourcemap: true,
    splitting: true,
    removeNodeProtocol: false,
    dts: { compilerOptions: { ignoreDeprecations: "6.0", customConditions: [] } },
    esbuildPlugins: [workerCodeEsbuild()],
  });
}
