// A host that backs up for ever, and says when it begins to: kill.test.ts kills it.
import { createBackupEngine, directory, localStorage, rawKey } from "../src/index.ts";

const root = process.argv[2] ?? "";
const engine = createBackupEngine({
  app: { name: "host", version: "1.0.0" },
  sources: ["first", "second", "third"].map((id) => directory(id, { path: `${root}/data` })),
  sites: { local: { storage: localStorage({ path: `${root}/site` }), key: rawKey(new Uint8Array(32).fill(3)) } },
});

async function backUp(): Promise<never> {
  process.stdout.write("begun");
  for (;;) await engine.backup({ site: "local" });
}

await backUp();
