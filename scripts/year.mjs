// `npm run year -- --seed 7`: a nightly plan through a year, in virtual time, printed as a calendar.
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { workerCodeEsbuild } from "./worker-code.mjs";

const root = join(import.meta.dirname, "..");
const folder = await mkdtemp(join(tmpdir(), "lifeboat-year-"));
const outfile = join(folder, "main.mjs");
await build({
  entryPoints: [join(root, "packages/core/test/year/main.ts")],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "inline",
  conditions: ["@lifeboat/source"],
  external: ["vitest"],
  plugins: [workerCodeEsbuild()],
  banner: {
    js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
  },
  logLevel: "error",
});
const env = { ...process.env, NODE_NO_WARNINGS: "1" };
const child = fork(outfile, process.argv.slice(2), { execArgv: ["--enable-source-maps"], env });
process.exitCode = await new Promise((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
await rm(folder, { recursive: true, force: true });
