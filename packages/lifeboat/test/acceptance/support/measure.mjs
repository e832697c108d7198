// Backs up, verifies and restores a folder and says how much memory each took at its peak.
//   node measure.mjs SOURCE WORK      prints a line of JSON
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createBackupEngine, directory, localStorage, rawKey } from "lifeboat";
import { idlePeak, peak } from "./peak.mjs";

const [source, work] = process.argv.slice(2);
const engine = createBackupEngine({
  app: { name: "acceptance", version: "1.0.0" },
  sources: [directory("data", { path: source })],
  sites: { local: { storage: localStorage({ path: join(work, "site") }), key: rawKey(Buffer.alloc(32, 7)) } },
});

const idle = await idlePeak();
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
