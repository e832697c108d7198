// A host of a site that others share: backs a tree up, or deletes backups and prunes, whenever it is told to.
//   SITE='{"type":"s3",…}' node sharer.mjs NAME TREE      with a channel to its parent
import { s3Storage } from "@lifeboat/storage-s3";
import { createBackupEngine, dedup, directory, localStorage, rawKey } from "lifeboat";

const [name, tree] = process.argv.slice(2);
const { type, ...options } = JSON.parse(process.env.SITE);
const storage = { local: localStorage, s3: s3Storage }[type](options);

/** Time goes by so many times as fast here: what others take two minutes to be given up for, they then take little for. */
let haste = 1;
let since = { real: performance.now(), told: 0 };
const monotonic = () => since.told + (performance.now() - since.real) * haste;
const clock = {
  now: () => Date.now(),
  monotonic,
  sleep: (ms, { signal } = {}) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      setTimeout(resolve, ms / haste);
    }),
  after(ms, callback) {
    const timer = setTimeout(() => callback(), ms / haste);
    timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

const engine = createBackupEngine({
  app: { name: "acceptance", version: "1.0.0" },
  sources: [directory(name, { path: tree })],
  sites: { site: { storage, format: dedup(), key: rawKey(Buffer.alloc(32, 7)) } },
  threads: 1,
  clock,
});

/** Resolves once it is on its way, whatever happens to this process then. */
const tell = (message) => new Promise((resolve) => process.send(message, resolve));

const WORKS = {
  async backup() {
    const { id } = await engine.backup({ site: "site" });
    return { id };
  },
  /** Deletes backups chosen by `picks`, each a share from 0 to 1 of the list, and prunes. */
  async prune({ picks, keep, maxUnused, waitMs }) {
    for (const pick of picks) {
      const listed = await engine.backups.list({ site: "site" });
      if (listed.length <= keep) break;
      const { id } = listed[Math.floor(pick * listed.length)];
      await tell({ deleting: id });
      await engine.backups.delete({ site: "site", id });
      await tell({ deleted: id });
    }
    return { report: await engine.prune({ site: "site", maxUnused, waitMs }) };
  },
};

async function follow({ work, haste: next = 1, ...order }) {
  since = { real: performance.now(), told: monotonic() };
  haste = next;
  try {
    await tell({ done: true, ...(await WORKS[work](order)) });
  } catch (error) {
    await tell({ done: false, code: error.code ?? "none", message: `${error.stack}\n${error.cause?.stack ?? ""}` });
  }
}

process.on("message", (message) => void follow(message));
process.on("disconnect", () => process.exit());
await tell({ ready: true });
