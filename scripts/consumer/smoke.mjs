// A tiny backup and restore, run in a project that has nothing but the packages.
// `threads` expects that worker threads do the work, `no-threads` that none does.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import threads from "node:worker_threads";
import { createBackupEngine, directory, json, localStorage, passphrase } from "lifeboat";

let started = 0;

/** Counts the threads that this process starts from here on. */
function countThreads() {
  threads.Worker = class extends threads.Worker {
    constructor(...args) {
      super(...args);
      started += 1;
    }
  };
  syncBuiltinESMExports();
}

async function main(expected) {
  countThreads();
  const folder = await mkdtemp(join(tmpdir(), "lifeboat-smoke-"));
  try {
    await backUpAndRestore(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  assert.equal(started > 0, expected === "threads", `${started} threads were started`);
}

async function backUpAndRestore(folder) {
  const content = Buffer.alloc(3_000_000, "Every backup is only as good as its last restore. ");
  await mkdir(join(folder, "data", "deep"), { recursive: true });
  await writeFile(join(folder, "data", "deep", "file.txt"), content);
  const settings = { theme: "dark" };
  const engine = createBackupEngine({
    app: { name: "smoke", version: "1.0.0" },
    sources: [
      directory("data", { path: join(folder, "data") }),
      json("settings", { dump: () => settings, load: () => {} }),
    ],
    sites: { local: { storage: localStorage({ path: join(folder, "site") }), key: passphrase("correct horse") } },
  });
  const backup = await engine.backup({ site: "local" });
  const verified = await engine.verify({ site: "local", id: backup.id, level: "content" });
  assert.deepEqual(verified.problems, []);
  const to = join(folder, "restored");
  const plan = await engine.planRestore({ site: "local", id: backup.id, select: { data: ["**"] }, to: { data: to } });
  await engine.restore(plan, { confirm: plan.token });
  assert.ok(content.equals(await readFile(join(to, "deep", "file.txt"))));
}

main(process.argv[2]).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
