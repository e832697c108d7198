import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { compareTrees } from "@lifeboat/testkit";
import { expect, it } from "vitest";
import { createBackupEngine, dedup, directory, json, localStorage, rawKey } from "../../src/index.ts";
import { temporaryFolder } from "./support/folder.ts";

const CHILD = new URL("support/back-up.mjs", import.meta.url).pathname;
const KILLS = 40;
const PRUNE_EVERY = 5;
const FILES = 200;

/** Runs a backup in a process of its own and kills it so long after it began; answers whether it was still running. */
async function killed(site: string, source: string, afterMs: number): Promise<boolean> {
  const child = fork(CHILD, [site, source, "dedup"], { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const exited = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once("exit", (_code, signal) => resolve(signal)),
  );
  const started = new Promise<void>((resolve) => child.once("message", () => resolve()));
  await Promise.race([
    started,
    exited.then(() => Promise.reject(new Error("The host ended before it began a backup."))),
  ]);
  await pause(afterMs);
  child.kill("SIGKILL");
  return (await exited) === "SIGKILL";
}

it(`a dedup site survives kill -9 at ${KILLS} random moments of a backup, and two prunes leave nothing of them`, async () => {
  using folder = temporaryFolder();
  const source = join(folder.path, "source");
  const site = join(folder.path, "site");
  const restored = join(folder.path, "restored");
  mkdirSync(source);
  const write = (n: number) => writeFileSync(join(source, `file-${n}`), randomBytes(n % 10 === 0 ? 400_000 : 3_000));
  for (let n = 0; n < FILES; n++) write(n);
  await using engine = createBackupEngine({
    app: { name: "acceptance", version: "1.0.0" },
    sources: [
      json("settings", { dump: () => ({ answer: 42 }), load: () => undefined }),
      directory("tree", { path: source }),
    ],
    sites: {
      local: { storage: localStorage({ path: site }), format: dedup(), key: rawKey(Buffer.alloc(32, 7)) },
    },
  });
  const list = async () => (await engine.backups.list({ site: "local" })).map(({ id }) => id);
  const deleteAll = async () => {
    for (const id of await list()) await engine.backups.delete({ site: "local", id });
  };

  const started = performance.now();
  await engine.backup({ site: "local" });
  const duration = performance.now() - started;

  let running = 0;
  let complete = 0;
  for (let n = 0; n < KILLS; n++) {
    for (let change = 0; change < FILES; change++) if (Math.random() < 0.3) write(change);
    if (await killed(site, source, Math.random() * duration)) running += 1;
    for (const id of await list()) {
      const verified = await engine.verify({ site: "local", id, level: "content" });
      expect(verified, `after kill ${n}`).toMatchObject({ ok: true, problems: [] });
      complete += 1;
    }
    if (n % PRUNE_EVERY < PRUNE_EVERY - 1) continue;
    const next = await engine.backup({ site: "local" });
    expect(readdirSync(join(site, "backups")).sort(), "partial backups are gone after the next run").toEqual(
      [...(await list())].sort(),
    );
    for (const id of await list()) if (id !== next.id) await engine.backups.delete({ site: "local", id });
    const pruned = await engine.prune({ site: "local", maxUnused: 0 });
    expect(pruned).toMatchObject({ pendingPacks: 0, lackedRoom: false, problems: [] });
    expect(await engine.verify({ site: "local", id: next.id, level: "content" })).toMatchObject({ ok: true });
    const plan = await engine.planRestore({ site: "local", id: next.id, to: { tree: restored } });
    await engine.restore(plan, { confirm: plan.token });
    expect(await compareTrees(source, restored)).toEqual([]);
    rmSync(restored, { recursive: true });
  }
  await deleteAll();
  for (let n = 1; n <= 2; n++) await engine.prune({ site: "local" });
  for (const name of ["packs", "index", "backups", "condemned", "locks"]) {
    const left = existsSync(join(site, name))
      ? readdirSync(join(site, name), { recursive: true, withFileTypes: true })
      : [];
    expect(
      left.filter((entry) => !entry.isDirectory()).map((entry) => entry.name),
      name,
    ).toEqual([]);
  }
  console.log(`${KILLS} kills: ${running} hit a running backup; ${complete} times a backup was verified.`);
  expect(running).toBeGreaterThan(KILLS / 4);
});
