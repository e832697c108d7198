// A host with one site: backs a folder up, verifies it, restores it, and says how long each
// took (seconds) and how much memory at its peak (MiB above the idle process).
//   SITE='{"type":"sftp",…}' node remote.mjs SOURCE RESTORED      prints a line of JSON
import { s3Storage } from "@lifeboat/storage-s3";
import { sftpStorage } from "@lifeboat/storage-sftp";
import { createBackupEngine, directory, localStorage, rawKey } from "lifeboat";
import { idlePeak, peak } from "./peak.mjs";

const [source, restored] = process.argv.slice(2);
const { type, ...options } = JSON.parse(process.env.SITE);
const open = { local: localStorage, sftp: sftpStorage, s3: s3Storage }[type];
const engine = createBackupEngine({
  app: { name: "acceptance", version: "1.0.0" },
  sources: [directory("data", { path: source })],
  sites: { site: { storage: open(options), key: rawKey(Buffer.alloc(32, 7)) } },
});

const idle = await idlePeak();
const took = {};

async function measure(name, work) {
  peak();
  const begun = performance.now();
  const result = await work();
  took[name] = { seconds: (performance.now() - begun) / 1000, peak: peak() - idle };
  return result;
}

const site = "site";
const { id } = await measure("backup", () => engine.backup({ site }));
const { ok } = await measure("verify", () => engine.verify({ site, id, level: "content" }));
await measure("restore", async () => {
  const plan = await engine.planRestore({ site, id, to: { data: restored } });
  await engine.restore(plan, { confirm: plan.token });
});
await engine.close();
console.log(JSON.stringify({ ok, idle, ...took }));
