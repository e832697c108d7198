import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { s3Storage } from "@lifeboat/storage-s3";
import { compareTrees } from "@lifeboat/testkit";
import { expect, it } from "vitest";
import { createBackupEngine, dedup, directory, localStorage, rawKey } from "../../src/index.ts";
import { type RemoteSite, startCeph } from "./remote/sites.ts";
import { type Fate, type Host, type Order, type Outcome, startHost } from "./sharing/host.ts";
import { type Random, seededRandom } from "./sharing/random.ts";
import { changingTree, makeContents, STATE_FILE } from "./sharing/tree.ts";
import { temporaryFolder } from "./support/folder.ts";

/** How often all of them work at once; LIFEBOAT_ROUNDS=500 for a long run. */
const ROUNDS = Number(process.env.LIFEBOAT_ROUNDS ?? 12);
/** The moments of kills are the machine's; what is done, and to whom, is the seed's. */
const SEED = Number(process.env.LIFEBOAT_SEED ?? Date.now() % 1_000_000);
/** After so many rounds everything is looked at. */
const CHECK_EVERY = 15;
const KEEP = 4;
/** A lease's two minutes in a second and a half: the prune takes hosts for dead that are asleep, or only slow. */
const HASTE = 80;
const UNHARMED: Fate = { kind: "nothing", afterMs: 0, forMs: 0 };
const NAMES = ["first", "second"] as const;

/** What backups there must be. */
interface Ledger {
  /** Backups that their host was told are made, and that nobody began to delete since. */
  readonly due: Set<string>;
  readonly deleted: Set<string>;
}

it(`${ROUNDS} times two hosts back up into one bucket while a third deletes backups and prunes, and some are killed: seed ${SEED}`, async () => {
  console.log(`LIFEBOAT_SEED=${SEED} LIFEBOAT_ROUNDS=${ROUNDS}`);
  const random = seededRandom(SEED);
  using folder = temporaryFolder();
  const copies = join(folder.path, "copies");
  mkdirSync(copies);
  const contents = makeContents(random);
  const trees = NAMES.map((name) => changingTree(name, { path: join(folder.path, name), copies }, contents, random));
  await using site = await startSite(folder.path);
  await using first = startHost("first", join(folder.path, "first"), site.options);
  await using second = startHost("second", join(folder.path, "second"), site.options);
  await using pruner = startHost("pruner", copies, site.options);
  const ledger: Ledger = { due: new Set(), deleted: new Set() };
  const counts: Record<string, number> = {};
  const count = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1;
  };

  for (const tree of trees) tree.change();
  const made = await Promise.all([first, second].map((host) => host.order({ work: "backup" }, UNHARMED)));
  for (const outcome of made) {
    expect(outcome.end, `seed ${SEED}, the first backups: ${outcome.message}`).toBe("done"); // one of them made the site
    note(ledger, outcome);
  }

  for (let round = 1; round <= ROUNDS; round++) {
    for (const tree of trees) tree.change();
    const prune = randomPrune(random);
    const outcomes = await Promise.all([
      first.order({ work: "backup" }, randomFate(random, 0.35)),
      second.order({ work: "backup" }, randomFate(random, 0.35)),
      pruner.order(prune, randomFate(random, 0.3)),
    ]);
    for (const [at, outcome] of outcomes.entries()) {
      const name = `${at === 2 ? "prune" : "backup"} ${outcome.end}`;
      count(outcome.code === undefined ? name : `${name}: ${outcome.code}`);
      if (outcome.report?.pending !== undefined) count(`prune pending: ${outcome.report.pending}`);
      note(ledger, outcome);
      // Who was taken for dead, or is in a hurry itself, may have lost its lease; nothing else is to go wrong.
      const said = `seed ${SEED}, round ${round}: ${outcome.message}`;
      if (outcome.end === "failed") expect(prune.haste > 1 && outcome.code === "LOCKED", said).toBe(true);
    }
    if (round % CHECK_EVERY === 0 || round === ROUNDS) {
      await check({ site, ledger, copies, hosts: [first, second], where: `seed ${SEED}, after round ${round}` });
    }
  }
  console.log(counts);
  await leaveNothing(site);
});

/** `LIFEBOAT_SITE=local` looks for faults of the format faster. */
function startSite(folder: string): Promise<RemoteSite> {
  if (process.env.LIFEBOAT_SITE !== "local") return startCeph();
  const options = { type: "local", path: join(folder, "site") };
  return Promise.resolve({ name: "local", options, [Symbol.asyncDispose]: async () => undefined });
}

function randomPrune(random: Random): Extract<Order, { work: "prune" }> {
  return {
    work: "prune",
    picks: Array.from({ length: random.below(5) }, () => random.next()),
    keep: KEEP,
    maxUnused: random.chance(0.7) ? 0 : 0.2,
    waitMs: random.chance(0.2) ? 0 : 60_000 * HASTE,
    haste: random.chance(0.3) ? HASTE : 1,
  };
}

function randomFate(random: Random, killed: number): Fate {
  const kind = random.chance(killed) ? "killed" : random.chance(0.12) ? "stopped" : "nothing";
  return { kind, afterMs: random.next() ** 2 * 800, forMs: 500 + random.below(2500) };
}

function note({ due, deleted }: Ledger, outcome: Outcome): void {
  if (outcome.id !== undefined) due.add(outcome.id);
  for (const id of outcome.deleted) deleted.add(id);
  for (const id of outcome.deleting) due.delete(id);
}

interface Check {
  readonly site: RemoteSite;
  readonly ledger: Ledger;
  readonly copies: string;
  readonly hosts: readonly Host[];
  readonly where: string;
}

/** The next run of everybody succeeds, what is due is there, and whatever is there is whole, before and after two prunes. */
async function check({ site, ledger, copies, hosts, where }: Check): Promise<void> {
  await using engine = openEngine(site);
  for (const host of hosts) {
    const outcome = await host.order({ work: "backup" }, UNHARMED);
    expect(outcome.end, `${where}: ${outcome.message}`).toBe("done");
    note(ledger, outcome);
  }
  await checkBackups(engine, site, ledger, where);
  await checkContents(engine, copies, where);
  for (let n = 1; n <= 2; n++) {
    const report = await engine.prune({ site: "site", maxUnused: 0 });
    expect(report, where).toMatchObject({ pendingPacks: 0, lackedRoom: false, problems: [] });
  }
  const { totals, condemned, problems } = await engine.planPrune({ site: "site", maxUnused: 0 });
  expect({ going: totals.goingPacks, condemned, problems }, where).toEqual({ going: 0, condemned: 0, problems: [] });
  await checkBackups(engine, site, ledger, `${where}, pruned`);
  expect(await engine.verify({ site: "site", level: "content" }), `${where}, pruned`).toMatchObject({ ok: true });
  const { keys } = await keysOf(site);
  const left = keys.filter((key) => /^(?:locks|condemned)\//.test(key));
  expect(left, `${where}: leases and marks`).toEqual([]);
}

type Engine = ReturnType<typeof openEngine>;

async function checkBackups(engine: Engine, site: RemoteSite, ledger: Ledger, where: string): Promise<void> {
  const listed = (await engine.backups.list({ site: "site" })).map(({ id }) => id);
  expect(
    [...ledger.due].filter((id) => !listed.includes(id)),
    `${where}: lost`,
  ).toEqual([]);
  expect(
    listed.filter((id) => ledger.deleted.has(id)),
    `${where}: deleted, and back`,
  ).toEqual([]);
  const { folders } = await keysOf(site);
  expect(folders, `${where}: folders of backups`).toEqual([...listed].sort());
}

/** Verifies each backup, and compares what it restores with the copy of the tree as it was. */
async function checkContents(engine: Engine, copies: string, where: string): Promise<void> {
  const to = join(copies, "..", "restored");
  for (const { id } of await engine.backups.list({ site: "site" })) {
    const report = await engine.verify({ site: "site", id, level: "content" });
    expect(report, `${where}: ${id}`).toMatchObject({ ok: true, problems: [] });
    const { parts } = await engine.backups.get({ site: "site", id });
    const plan = await engine.planRestore({ site: "site", id, to: { [parts[0]?.source ?? ""]: to } });
    await engine.restore(plan, { confirm: plan.token });
    const state = readFileSync(join(to, STATE_FILE), "utf8");
    expect(await compareTrees(join(copies, state), to), `${where}: ${id}, ${state}`).toEqual([]);
    rmSync(to, { recursive: true });
  }
}

/** Without any backup, two prunes leave nothing. */
async function leaveNothing(site: RemoteSite): Promise<void> {
  await using engine = openEngine(site);
  for (const { id } of await engine.backups.list({ site: "site" })) await engine.backups.delete({ site: "site", id });
  for (let n = 1; n <= 2; n++) await engine.prune({ site: "site" });
  const { keys } = await keysOf(site);
  expect(keys.filter((key) => !/^(?:lifeboat\.|keys\/|fenced\/|verified\/)/.test(key))).toEqual([]);
}

function openEngine(site: RemoteSite) {
  return createBackupEngine({
    app: { name: "acceptance", version: "1.0.0" },
    sources: NAMES.map((name) => directory(name, { path: join("/nonexistent", name) })),
    sites: { site: { storage: openStorage(site), format: dedup(), key: rawKey(Buffer.alloc(32, 7)) } },
  });
}

function openStorage({ options }: RemoteSite) {
  return options.type === "local" ? localStorage(options as never) : s3Storage(options as never);
}

async function keysOf(site: RemoteSite): Promise<{ keys: readonly string[]; folders: readonly string[] }> {
  await using storage = openStorage(site);
  const keys: string[] = [];
  for await (const { key } of storage.list("")) keys.push(key);
  const folders = new Set(keys.filter((key) => key.startsWith("backups/")).map((key) => key.split("/")[1] ?? ""));
  return { keys, folders: [...folders].sort() };
}
