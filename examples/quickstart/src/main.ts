// Lifeboat on one page: back up, look inside, verify, restore elsewhere, and compare every byte.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { createBackupEngine, directory, isLifeboatError, type Json, json, localStorage, passphrase } from "lifeboat";
import { compareTrees } from "./compare.ts";
import { follow } from "./progress.ts";
import { bytes, count, duration, rate } from "./words.ts";

const checkout = join(import.meta.dirname, "..", "..", "..");
const data = resolve(process.env.INIT_CWD ?? ".", process.argv[2] ?? checkout);

const SETTINGS: Json = { theme: "dark", cameras: [{ name: "front door", fps: 25 }], greeting: "Grüße 👋" };

/** The application's own state, which lies in no file. */
let settings: Json = SETTINGS;

/** Shows the engine at work in `folder`; answers what was not as it should be. */
async function show(folder: string): Promise<string[]> {
  await using engine = createBackupEngine({
    app: { name: "quickstart", version: "1.0.0" },
    sources: [
      directory("data", { path: data }),
      json("settings", {
        dump: () => settings,
        load: (value) => {
          settings = value;
        },
      }),
    ],
    sites: {
      local: { storage: localStorage({ path: join(folder, "site") }), key: passphrase("correct horse battery staple") },
    },
  });

  // 1. Back up. A job can be awaited, and tells its progress to whoever iterates over it.
  const stopwatch = watch();
  const { id } = await follow("Backing up", engine.backup({ site: "local", label: "my first backup" }));
  const backingUp = stopwatch();

  // 2. Look: the inventory of the site, and what is inside, without fetching the data.
  for (const backup of await engine.backups.list({ site: "local" })) {
    console.log(`${backup.id}: ${backup.summary}`);
    if (backup.status === "damaged") continue;
    for (const { source, counts, size, storedSize } of backup.parts) {
      console.log(`  ${source}: ${count(counts.files, "file")}, ${bytes(size)}, stored in ${bytes(storedSize)}`);
      let shown = 0;
      for await (const entry of engine.backups.entries({ site: "local", id, source })) {
        if (entry.type === "file") console.log(`    ${entry.path} (${bytes(entry.size)})`);
        if (entry.type === "file" && ++shown === 3) break;
      }
    }
  }

  // 3. Verify: fetch all of it, open it, and compare it with what was backed up.
  stopwatch();
  const verified = await follow("Verifying", engine.verify({ site: "local", id, level: "content" }));
  const verifying = stopwatch();

  // 4. Restore: the directory elsewhere, the settings, lost meanwhile, to where they belong. First a plan, then its confirmation.
  settings = {};
  const restored = join(folder, "restored");
  const plan = await engine.planRestore({ site: "local", id, to: { data: restored } });
  await follow("Restoring", engine.restore(plan, { confirm: plan.token }));
  const restoring = stopwatch();

  // 5. Compare, trusting nobody.
  const compared = await compareTrees(data, restored);
  const { files, directories, links, bytes: size } = compared;
  const entries = [count(files, "file"), count(directories, "directory", "directories"), count(links, "link")];
  console.log(`
Backed up ${bytes(size)} in ${duration(backingUp)} (${rate(size, backingUp)}), encrypted.
Verified all of it in ${duration(verifying)} (${rate(size, verifying)}).
Restored it elsewhere in ${duration(restoring)} (${rate(size, restoring)}).
Compared ${entries.join(", ")}: every byte, mode and time.`);
  return [
    ...verified.problems.map(({ message }) => message),
    ...compared.differences,
    ...(isDeepStrictEqual(settings, SETTINGS) ? [] : ["The settings came back changed."]),
  ];
}

/** Answers the milliseconds since it was last asked. */
function watch(): () => number {
  let last = performance.now();
  return () => {
    const since = last;
    last = performance.now();
    return last - since;
  };
}

const folder = await mkdtemp(join(tmpdir(), "lifeboat-quickstart-"));
try {
  const differences = await show(folder);
  for (const difference of differences.slice(0, 20)) console.error(`DIFFERENT: ${difference}`);
  console.log(differences.length === 0 ? "All of it is identical." : `${differences.length} differences.`);
  process.exitCode = differences.length === 0 ? 0 : 1;
} catch (error) {
  if (!isLifeboatError(error)) throw error;
  console.error([error.message, error.hint].filter(Boolean).join("\n"));
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
