// Checks the packages as a user meets them: packed, installed into an empty project
// outside of this one, imported, required, run with threads and without, and bundled.
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { packAll } from "./lib/pack.mjs";
import { run, withTemporaryFolder } from "./lib/run.mjs";
import { root, workspacePackages } from "./lib/workspace.mjs";

/** Needs vitest beside it, which this project has no use for. */
const NOT_IMPORTED = new Set(["@lifeboat/testkit"]);

async function step(name, work) {
  const started = performance.now();
  await work();
  console.log(`consumer: ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}

/** What users install beside the packages that are imported, as their peers. */
function peers() {
  const imported = workspacePackages().filter(({ manifest }) => !NOT_IMPORTED.has(manifest.name));
  return Object.assign({}, ...imported.map(({ manifest }) => manifest.peerDependencies));
}

/** An empty project into which the tarballs are installed. */
async function install(project, packed) {
  await mkdir(project);
  const dependencies = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
  const manifest = { name: "consumer", version: "1.0.0", private: true, dependencies: { ...peers(), ...dependencies } };
  await writeFile(join(project, "package.json"), JSON.stringify(manifest));
  run("npm", ["install", "--legacy-peer-deps", "--no-audit", "--no-fund", "--no-package-lock"], { cwd: project });
}

/** Node's flags for a process that may read and write files, and may not start threads. */
function withoutThreads() {
  const stable = process.allowedNodeEnvironmentFlags.has("--permission");
  return [stable ? "--permission" : "--experimental-permission", "--allow-fs-read=*", "--allow-fs-write=*"];
}

async function bundle(project, format, outfile) {
  await build({
    entryPoints: [join(project, "smoke.mjs")],
    outfile,
    format,
    bundle: true,
    platform: "node",
    target: "node20",
    logLevel: "error",
    ...(format === "esm" ? { banner: { js: REQUIRE_IN_ESM } } : {}),
  });
}

/** What esbuild's users add where a bundled dependency is CommonJS and requires one of Node's own modules. */
const REQUIRE_IN_ESM =
  'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);';

await withTemporaryFolder(async (folder) => {
  const project = join(folder, "project");
  const node = (args, cwd = project) => run(process.execPath, args, { cwd, env: { ...process.env, NODE_OPTIONS: "" } });

  let packed = [];
  await step("pack", () => {
    packed = packAll(folder);
  });
  await step("install", () => install(project, packed));
  const names = packed.map(({ name }) => name).filter((name) => !NOT_IMPORTED.has(name));
  await step("import()", () =>
    node(["--input-type=module", "-e", names.map((name) => `await import("${name}");`).join("")]),
  );
  await step("require()", () =>
    node(["--input-type=commonjs", "-e", names.map((name) => `require("${name}");`).join("")]),
  );

  await cp(join(root, "scripts", "consumer", "smoke.mjs"), join(project, "smoke.mjs"));
  await step("back up and restore with threads", () => node(["smoke.mjs", "threads"]));
  await step("the same where threads are forbidden", () => node([...withoutThreads(), "smoke.mjs", "no-threads"]));

  for (const [format, name] of [
    ["esm", "bundle.mjs"],
    ["cjs", "bundle.cjs"],
  ]) {
    const alone = join(folder, format);
    await step(`the same from one bundled file (${format})`, async () => {
      await bundle(project, format, join(alone, name));
      node([name, "threads"], alone);
    });
  }
});
