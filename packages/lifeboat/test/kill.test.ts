import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createBackupEngine, directory, localStorage, rawKey } from "../src/index.ts";

/** How often it is killed; LIFEBOAT_KILLS=200 for a long run. */
const KILLS = Number(process.env.LIFEBOAT_KILLS ?? 4);
const KEY = new Uint8Array(32).fill(3);

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "lifeboat-kill-"));
  for (let i = 0; i < 200; i++) {
    const folder = join(root, "data", `${i % 10}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${i}.bin`), Buffer.alloc(1000 + i * 200, i));
  }
  await bundleHost(join(root, "host.mjs"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const OPTIONS = {
  bundle: true,
  platform: "node",
  target: "node20",
  conditions: ["@lifeboat/source"],
  loader: { ".wasm": "base64" },
  logLevel: "silent",
} as const satisfies BuildOptions;

/** Bundles workers into the text that starts them, as the build does. */
const workers: Plugin = {
  name: "workers",
  setup(on) {
    on.onResolve({ filter: /\?worker-code$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace(/\?.*/, "")),
      namespace: "worker",
    }));
    on.onLoad({ filter: /.*/, namespace: "worker" }, async ({ path }) => {
      const bundled = await build({ ...OPTIONS, entryPoints: [path], write: false, format: "cjs", plugins: [workers] });
      return { contents: bundled.outputFiles[0]?.text ?? "", loader: "text" };
    });
  },
};

async function bundleHost(outfile: string): Promise<void> {
  const entryPoints = [join(import.meta.dirname, "kill.child.ts")];
  const banner = {
    js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
  };
  await build({ ...OPTIONS, entryPoints, outfile, banner, format: "esm", plugins: [workers] });
}

async function kill(host: ChildProcess, afterMs: number): Promise<void> {
  const ended = once(host, "exit");
  const early = ended.then(([code]) => Promise.reject(new Error(`The host ended by itself, with ${code}.`)));
  if (host.stdout !== null) await Promise.race([once(host.stdout, "data"), early]);
  await pause(afterMs); // the moment is what is being tried
  host.kill("SIGKILL");
  await ended;
}

/** Folders that a killed host has begun and not ended. */
async function countPartial(): Promise<number> {
  const backups = join(root, "site", "backups");
  const folders = existsSync(backups) ? await readdir(backups) : [];
  return folders.filter((id) => !existsSync(join(backups, id, "manifest.json"))).length;
}

it(`Killed at ${KILLS} moments, a host leaves only whole backups, and its next run cleans up`, async () => {
  await using engine = createBackupEngine({
    app: { name: "host", version: "1.0.0" },
    sources: [directory("first", { path: join(root, "data") })],
    sites: { local: { storage: localStorage({ path: join(root, "site") }), key: rawKey(KEY) } },
  });
  const verified = new Set<string>();
  let partial = 0;
  for (let i = 0; i < KILLS; i++) {
    await kill(spawn(process.execPath, [join(root, "host.mjs"), root]), Math.random() * 400);
    partial += await countPartial();
    const own = await engine.backup({ site: "local" });
    const listed = await engine.backups.list({ site: "local" });
    for (const { id } of listed) {
      if (verified.has(id)) continue;
      expect(await engine.verify({ site: "local", id, level: "content" })).toMatchObject({ ok: true });
      verified.add(id);
    }
    expect(listed[0]?.id).toBe(own.id);
    expect((await readdir(join(root, "site", "backups"))).sort()).toEqual(listed.map(({ id }) => id).sort());
    const locks = join(root, "site", "locks");
    expect(existsSync(locks) ? await readdir(locks) : []).toEqual([]);
  }
  expect(verified.size).toBeGreaterThanOrEqual(KILLS);
  if (KILLS >= 50) expect(partial, "some were caught in the middle").toBeGreaterThan(0);
}, 600_000);
