// A host that backs up once and exits: run as a process of its own, so that it can be killed.
//   node back-up.mjs SITE SOURCE [dedup]
import { archive, createBackupEngine, dedup, directory, json, localStorage, rawKey } from "lifeboat";

const [site, source, format] = process.argv.slice(2);
const engine = createBackupEngine({
  app: { name: "acceptance", version: "1.0.0" },
  sources: [json("settings", { dump: () => ({ answer: 42 }), load: () => {} }), directory("tree", { path: source })],
  sites: {
    local: {
      storage: localStorage({ path: site }),
      format: format === "dedup" ? dedup() : archive(),
      key: rawKey(Buffer.alloc(32, 7)),
    },
  },
});
process.send?.("started");
await engine.backup({ site: "local" });
await engine.close();
process.send?.("done");
