// `npm run simulate -- --seeds 100000 --from 0 --format dedup`: the deterministic simulator on
// all processors; `--seconds 60` ends it in time. `--seed 17` shows one seed, as small as it fails with, and its trace.
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { workerCodeEsbuild } from "./worker-code.mjs";

const root = join(import.meta.dirname, "..");
const given = process.argv.slice(2);
const value = (name, otherwise) => {
  const at = given.indexOf(`--${name}`);
  return at === -1 ? otherwise : given[at + 1];
};

const folder = await mkdtemp(join(tmpdir(), "lifeboat-simulate-"));
const outfile = join(folder, "main.mjs");
await build({
  entryPoints: [join(root, "packages/core/test/simulation/main.ts")],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: given.includes("--seed") ? "inline" : false,
  conditions: ["@lifeboat/source"],
  external: ["vitest"],
  plugins: [workerCodeEsbuild()],
  banner: {
    js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
  },
  logLevel: "error",
});

const single = given.includes("--seed");
const lanes = single ? 1 : Number(value("lanes", availableParallelism()));
const rest = given.filter(
  (word, at) => !["--from", "--lanes"].includes(word) && !["--from", "--lanes"].includes(given[at - 1]),
);
const from = Number(value("from", 0));
const sums = {};
const begun = performance.now();
const codes = await Promise.all(
  Array.from({ length: lanes }, (_, lane) => {
    const own = single ? given : [...rest, "--report", "--step", String(lanes), "--from", String(from + lane)];
    const child = fork(outfile, own, {
      execArgv: single ? ["--enable-source-maps"] : [],
      env: { ...process.env, NODE_NO_WARNINGS: "1" },
    });
    child.on("message", (report) => {
      for (const [name, count] of Object.entries(report)) sums[name] = (sums[name] ?? 0) + count;
    });
    return new Promise((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
  }),
);
await rm(folder, { recursive: true, force: true });
const seconds = (performance.now() - begun) / 1000;
const { cpuMs = 0, ...counts } = sums;
if (!single) {
  const speed = {
    seconds: Math.round(seconds),
    perSecond: Number((sums.seeds / seconds).toFixed(1)),
    ...(cpuMs === 0 ? {} : { cpuMsEach: Number((cpuMs / sums.seeds).toFixed(1)) }),
  };
  console.log(JSON.stringify({ ...counts, ...speed }));
}
process.exitCode = Math.max(...codes);
