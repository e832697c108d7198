import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { createBackupEngine, directory, json, localStorage, rawKey } from "../../src/index.ts";
import { temporaryFolder } from "./support/folder.ts";

const CHILD = new URL("support/back-up.mjs", import.meta.url).pathname;
const KILLS = 200;

/** Runs a backup in a process of its own and kills it so long after it began; answers whether it was still running. */
async function killed(site: string, source: string, afterMs: number): Promise<boolean> {
  const child = fork(CHILD, [site, source], { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
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

it(`survives kill -9 at ${KILLS} random moments of a backup`, async () => {
  using folder = temporaryFolder();
  const source = join(folder.path, "source");
  const site = join(folder.path, "site");
  mkdirSync(source);
  for (let n = 0; n < 400; n++) writeFileSync(join(source, `file-${n}`), randomBytes(n % 10 === 0 ? 600_000 : 3_000));
  await using engine = createBackupEngine({
    app: { name: "acceptance", version: "1.0.0" },
    sources: [
      json("settings", { dump: () => ({ answer: 42 }), load: () => undefined }),
      directory("tree", { path: source }),
    ],
    sites: { local: { storage: localStorage({ path: site }), key: rawKey(Buffer.alloc(32, 7)) } },
  });

  const started = performance.now();
  const whole = await engine.backup({ site: "local" });
  const duration = performance.now() - started;
  await engine.backups.delete({ site: "local", id: whole.id });

  let running = 0;
  let complete = 0;
  for (let n = 0; n < KILLS; n++) {
    if (await killed(site, source, Math.random() * duration)) running += 1;
    for (const backup of await engine.backups.list({ site: "local" })) {
      const verified = await engine.verify({ site: "local", id: backup.id, level: "content" });
      expect(verified, `after kill ${n}`).toMatchObject({ ok: true, problems: [] });
      await engine.backups.delete({ site: "local", id: backup.id });
      complete += 1;
    }
    if (n % 20 === 19) {
      const next = await engine.backup({ site: "local" });
      expect(readdirSync(join(site, "backups")), "partial backups are gone after the next run").toEqual([next.id]);
      expect((await engine.verify({ site: "local", id: next.id, level: "content" })).ok).toBe(true);
      await engine.backups.delete({ site: "local", id: next.id });
    }
  }
  console.log(`${KILLS} kills: ${running} hit a running backup, ${complete} backups were complete; each verified.`);
  expect(running).toBeGreaterThan(KILLS / 4);
});
