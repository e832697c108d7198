import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { s3Storage } from "@lifeboat/storage-s3";
import { sftpStorage } from "@lifeboat/storage-sftp";
import { expect, it } from "vitest";
import { createBackupEngine, localStorage, rawKey } from "../../src/index.ts";
import { type Slot, slotsOf } from "./plans/ledger.ts";
import { type PlanProcess, startPlanProcess, type Told } from "./plans/process.ts";
import { type RemoteSite, SITES } from "./remote/sites.ts";
import { temporaryFolder } from "./support/folder.ts";

const FAST_MS = 12_000;
const SLOW_MS = 20_000;
/** Two plans of other sources: one process is put to sleep over the one while the other goes on. */
const PLANS = {
  fast: { site: "site", sources: ["fast"], schedule: "*/12 * * * * *" },
  slow: { site: "site", sources: ["slow"], schedule: "*/20 * * * * *" },
};
/** How often a process is killed while it backs up. */
const KILLS = 3;
/** A lease lives for two minutes; nobody waits for longer than one before looking again. */
const TAKEN_OVER_MS = 200_000;

it("Of three processes with the same plans exactly one runs each time, also when that one is killed, or sleeps and wakes up", async () => {
  using folder = temporaryFolder();
  const lines = await Promise.all(SITES.map((start) => share(start, folder.path)));
  console.log(lines.join("\n"));
});

/** Lets three processes share a site, does bad things to them, and looks what there is in the end. */
async function share(start: (typeof SITES)[number], folder: string): Promise<string> {
  await using site = await start(folder);
  const scene = createScene();
  const options = { site: site.options, plans: PLANS, hear: scene.hear };
  await using a = startPlanProcess("a", options);
  await using b = startPlanProcess("b", options);
  await using c = startPlanProcess("c", options);
  const asleep = await scene.sleeper;
  await scene.takenOver;
  asleep.wake();
  await scene.wokenUp;
  await scene.fastSlots(1);
  for (const each of [a, b, c]) expect(await each.end(), `${site.name}: it ends by itself`).toBe(0);
  expect(scene.kills, `${site.name}: kills`).toBe(KILLS);

  await using engine = openEngine(site);
  const backups = await engine.backups.list({ site: "site" });
  const fast = slotsOf(backups, "fast", FAST_MS);
  const slow = slotsOf(backups, "slow", SLOW_MS);
  const about = ({ due }: Slot) => `${site.name}: what was due ${new Date(due).toISOString()}`;
  for (const slot of [...fast, ...slow]) expect(slot.backups.length, about(slot)).toBeLessThanOrEqual(1);
  for (const slot of fast) if (!slot.busy) expect(slot.backups, about(slot)).toHaveLength(1);
  expect(fast.filter(({ busy }) => busy).length, `${site.name}: slots that a run was in the way of`).toBeLessThan(
    fast.length / 3,
  );
  for (const { id } of backups) expect(await engine.verify({ site: "site", id })).toMatchObject({ ok: true });
  expect(await leftIn(site), `${site.name}: leases and folders`).toEqual({ locks: [], partial: [] });
  return `${site.name.padEnd(9)} ${fast.length} slots, ${backups.length} backups, ${KILLS} kills, taken over from a sleeper`;
}

/** What happens to whom, and when. */
function createScene() {
  let [kills, fast, slow] = [0, 0, 0];
  let sleeping: PlanProcess | undefined;
  const [sleeper, takenOver, wokenUp] = [signalled<PlanProcess>(), signalled<void>(), signalled<void>()];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  function hear(told: Told, by: PlanProcess): void {
    if (told.reading === "slow" && ++slow === 2) {
      sleeping = by;
      by.stop();
      sleeper.resolve(by);
    } else if (told.reading === "fast" && by !== sleeping) {
      // Never the first: the plan has to have begun. Every other one, so that the one between can be seen to be whole.
      if (++fast % 3 === 0 && kills < KILLS) {
        kills += 1;
        by.kill();
      }
    }
    if (told.ended === "slow" && told.status === "succeeded" && sleeping !== undefined && by !== sleeping)
      takenOver.resolve();
    if (told.ended === "slow" && told.status === "failed" && by === sleeping) wokenUp.resolve();
    if (told.ended !== "fast" || told.status !== "succeeded") return;
    for (const each of waiting.splice(0)) {
      if (each.count <= 1) each.resolve();
      else waiting.push({ ...each, count: each.count - 1 });
    }
  }

  return {
    hear,
    get kills() {
      return kills;
    },
    sleeper: soon(sleeper.promise, "a second backup of the slow plan"),
    takenOver: soon(takenOver.promise, "somebody to take over from the sleeper"),
    wokenUp: soon(wokenUp.promise, "the sleeper to find out that it has slept"),
    fastSlots: (count: number) =>
      soon(new Promise<void>((resolve) => void waiting.push({ count, resolve })), "further backups of the fast plan"),
  };
}

function signalled<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** So long it may take at most. */
async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  const limit = new AbortController();
  const late = pause(2 * TAKEN_OVER_MS, undefined, { signal: limit.signal, ref: false }).then(() => {
    throw new Error(`It took too long for ${what}.`);
  });
  late.catch(() => undefined); // where it did not take too long
  try {
    return await Promise.race([promise, late]);
  } finally {
    limit.abort();
  }
}

function openStorage({ options: { type, ...options } }: RemoteSite) {
  if (type === "local") return localStorage(options as never);
  return type === "s3" ? s3Storage(options as never) : sftpStorage(options as never);
}

function openEngine(site: RemoteSite) {
  return createBackupEngine({
    app: { name: "acceptance", version: "1.0.0" },
    sources: [],
    sites: { site: { storage: openStorage(site), key: rawKey(Buffer.alloc(32, 7)) } },
  });
}

async function leftIn(
  site: RemoteSite,
): Promise<{ readonly locks: readonly string[]; readonly partial: readonly string[] }> {
  await using storage = openStorage(site);
  const keys: string[] = [];
  for await (const { key } of storage.list("")) keys.push(key);
  const ids = new Set(keys.filter((key) => key.startsWith("backups/")).map((key) => key.split("/")[1] ?? ""));
  return {
    locks: keys.filter((key) => key.startsWith("locks/")),
    partial: [...ids].filter((id) => !keys.includes(`backups/${id}/manifest.json`)),
  };
}

it("A process that only waits for its plans ends by itself", async () => {
  using folder = temporaryFolder();
  const env = {
    ...process.env,
    NODE_OPTIONS: "--no-warnings",
    SITE: JSON.stringify({ type: "local", path: folder.path }),
    PLANS: JSON.stringify({ yearly: { site: "site", schedule: "0 0 1 1 *" } }),
  };
  const program = new URL("support/planner.mjs", import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env, timeout: 60_000 });
  expect(stdout).toBe("started\n");
  const made = await readdir(join(folder.path, "backups"));
  expect(made).toEqual([expect.stringMatching(/-scheduled-/)]); // the first one, at once
});
