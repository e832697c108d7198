// One process of a host whose plans run by themselves, while others do the same on the same site.
//   SITE='{"type":"s3",…}' PLANS='{…}' node planner.mjs      with a channel to its parent, which is told what it does
import { s3Storage } from "@lifeboat/storage-s3";
import { sftpStorage } from "@lifeboat/storage-sftp";
import { createBackupEngine, localStorage, rawKey } from "lifeboat";

const { type, ...options } = JSON.parse(process.env.SITE);
const storage = { local: localStorage, s3: s3Storage, sftp: sftpStorage }[type](options);
const tell = (message) => process.send?.(message);
/** How long a source takes: long enough to be caught at it. */
const READING_MS = 1500;

/** Says when it is read, and takes its time. */
function slowSource(id) {
  const text = (path, content) => ({
    path,
    type: "file",
    size: content.length,
    mode: 0o644,
    mtimeMs: Date.now(),
    async *open() {
      yield Buffer.from(content);
    },
  });
  return {
    id,
    async *entries({ signal }) {
      tell({ reading: id });
      yield text("first", "1");
      await new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, READING_MS);
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
      });
      yield text("second", "2");
    },
    async restore() {},
  };
}

const engine = createBackupEngine({
  app: { name: "acceptance", version: "1.0.0" },
  sources: [slowSource("fast"), slowSource("slow")],
  sites: { site: { storage, key: rawKey(Buffer.alloc(32, 7)) } },
  plans: JSON.parse(process.env.PLANS),
  instance: "acceptance",
  timeZone: "UTC",
  threads: 0,
  onEvent: ({ type, plan, status, result, error }) => {
    if (type === "job-ended") tell({ ended: plan, status, backup: result?.backup, code: error?.code });
  },
});

engine.start();

async function end() {
  await engine.stop();
  await engine.close();
  process.disconnect(); // and with nothing left to do, it ends
}

process.on("message", () => void end());
if (process.send === undefined) console.log("started");
