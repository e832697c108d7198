// Builds every package in the order of its dependencies; a package whose sources
// have not changed since its last build is left alone (`--force` builds all).
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const force = process.argv.includes("--force");

const packages = new Map();
for (const folder of readdirSync(join(root, "packages"))) {
  const file = join(root, "packages", folder, "package.json");
  if (!existsSync(file)) continue;
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  packages.set(manifest.name, { folder: join(root, "packages", folder), manifest });
}

function newest(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

const built = new Map();
const shared = Math.max(
  ...["build.mjs", "tsup.mjs", "worker-code.mjs"].map((name) => newest(join(root, "scripts", name))),
);

/** Builds a package after those that it depends on; answers the time of its output. */
function build(name) {
  if (built.has(name)) return built.get(name);
  const { folder, manifest } = packages.get(name);
  const needs = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter((n) => packages.has(n));
  const inputs = Math.max(
    shared,
    newest(join(folder, "src")),
    newest(join(folder, "package.json")),
    ...needs.map(build),
  );
  const output = newest(join(folder, "dist", "index.d.ts"));
  if (force || output <= inputs) {
    const started = performance.now();
    execFileSync(join(root, "node_modules", ".bin", "tsup"), ["--silent"], { cwd: folder, stdio: "inherit" });
    console.error(`built ${name} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
  built.set(name, newest(join(folder, "dist", "index.d.ts")));
  return built.get(name);
}

for (const name of packages.keys()) build(name);
