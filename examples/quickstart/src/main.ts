// Lifeboat on one page: back up, look inside, verify, restore elsewhere, and compare every byte.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  archive,
  createBackupEngine,
  dedup,
  directory,
  isLifeboatError,
  type Json,
  json,
  localStorage,
  passphrase,
  type Storage,
} from "lifeboat";
import { type Asked, HELP, readArguments } from "./arguments.ts";
import { compareTrees } from "./compare.ts";
import { follow } from "./progress.ts";
import { storageOf } from "./site.ts";
import { bytes, count, duration, rate } from "./words.ts";

const SETTINGS: Json = { theme: "dark", cameras: [{ name: "front door", fps: 25 }], greeting: "Grüße 👋" };

/** The application's own state, which lies in no file. */
let settings: Json = SETTINGS;

/** Shows the engine at work, with a site elsewhere or in `folder`; answers what was not as it should be. */
async function show(
  data: string,
  folder: string,
  elsewhere: Storage | undefined,
  format: "archive" | "dedup",
): Promise<string[]> {
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
      site: {
        storage: elsewhere ?? localStorage({ path: join(folder, "site") }),
        key: passphrase(process.env.BACKUP_PASSPHRASE ?? "correct horse battery staple"),
        format: format === "dedup" ? dedup() : archive(),
      },
    },
  });

  // Somebody else's server: find out first whether all works, and what is missing where it does not.
  if (elsewhere !== undefined) {
    const { ok, steps, findings } = await follow("Testing the site", engine.sites.test("site"));
    for (const { name, status, message } of steps) console.log(`  ${name} ${status}: ${message}`);
    for (const { level, message, hint } of findings) console.log(`  ${level}: ${message}\n    ${hint ?? ""}`);
    if (!ok) return ["The site can't be used as it is."];
  }

  // 1. Back up. A job can be awaited, and tells its progress to whoever iterates over it.
  const stopwatch = watch();
  const { id } = await follow("Backing up", engine.backup({ site: "site", label: "my first backup" }));
  const backingUp = stopwatch();

  // 2. Look: the inventory of the site, and what is inside, without fetching the data.
  for (const backup of await engine.backups.list({ site: "site" })) {
    console.log(`${backup.id}: ${backup.summary}`);
    if (backup.status === "damaged") continue;
    for (const { source, counts, size, storedSize } of backup.parts) {
      console.log(`  ${source}: ${count(counts.files, "file")}, ${bytes(size)}, stored in ${bytes(storedSize)}`);
      let shown = 0;
      for await (const entry of engine.backups.entries({ site: "site", id, source })) {
        if (entry.type === "file") console.log(`    ${entry.path} (${bytes(entry.size)})`);
        if (entry.type === "file" && ++shown === 3) break;
      }
    }
  }

  // 3. Verify: fetch all of it, open it, and compare it with what was backed up.
  stopwatch();
  const verified = await follow("Verifying", engine.verify({ site: "site", id, level: "content" }));
  const verifying = stopwatch();

  // 4. Restore: the directory elsewhere, the settings, lost meanwhile, to where they belong. First a plan, then its confirmation.
  settings = {};
  const restored = join(folder, "restored");
  const plan = await engine.planRestore({ site: "site", id, to: { data: restored } });
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

/** Shows it, and answers the exit code. */
async function main({ data, site, format }: Asked): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "lifeboat-quickstart-"));
  try {
    const elsewhere = site === undefined ? undefined : await storageOf(site);
    const problems = await show(data, folder, elsewhere, format);
    for (const problem of problems.slice(0, 20)) console.error(`WRONG: ${problem}`);
    console.log(problems.length === 0 ? "All of it is identical." : `Not as it should be: ${problems.length}.`);
    if (elsewhere !== undefined && problems.length === 0) console.log(`The backup stays in ${elsewhere.name}.`);
    return problems.length === 0 ? 0 : 1;
  } catch (error) {
    if (!isLifeboatError(error)) throw error;
    console.error([error.message, error.hint].filter(Boolean).join("\n"));
    return 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const asked = readArguments(process.argv.slice(2));
if (asked.help) console.log(HELP);
else process.exitCode = await main(asked);
