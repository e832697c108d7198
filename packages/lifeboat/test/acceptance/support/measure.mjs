// Backs up, verifies and restores a folder and says how much memory each took at its peak.
//   node measure.mjs SOURCE WORK      prints a line of JSON
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createBackupEngine, directory, localStorage, rawKey } from "lifeboat";

const [source, work] = process.argv.slice(2);
const engine = createBackupEngine({
  app: { name: "acceptance", version: "1.0.0" },
  sources: [directory("data", { path: source })],
  sites: { local: { storage: localStorage({ path: join(work, "site") }), key: rawKey(Buffer.alloc(32, 7)) } },
});

/** The most memory that this process has had since the last call, in MB (Linux). */
function peak() {
  const status = readFileSync("/proc/self/status", "utf8");
  const high = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
  writeFileSync("/proc/self/clear_refs", "5"); // the mark starts anew
  return Math.round(high);
}

await new Promise((resolve) => setTimeout(resolve, 200));
peak();
await new Promise((resolve) => setTimeout(resolve, 100));
const idle = peak();
const backup = await engine.backup({ site: "local" });
const backupPeak = peak();
const { ok } = await engine.verify({ site: "local", id: backup.id, level: "content" });
const verifyPeak = peak();
const plan = await engine.planRestore({ site: "local", id: backup.id, to: { data: join(work, "restored") } });
await engine.restore(plan, { confirm: plan.token });
const restorePeak = peak();
await engine.close();
rmSync(join(work, "site"), { recursive: true });
console.log(
  JSON.stringify({ ok, idle, backup: backupPeak - idle, verify: verifyPeak - idle, restore: restorePeak - idle }),
);
