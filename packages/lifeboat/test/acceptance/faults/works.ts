import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Storage } from "@lifeboat/contracts";
import { all, compareTrees, read } from "@lifeboat/testkit";
import { createBackupEngine, directory, rawKey } from "../../../src/index.ts";
import type { Place } from "./place.ts";
import type { Stage, Work } from "./stage.ts";

/** What is transferred, of nearly 20 MB, and no multiple of anything. */
const LARGE = randomBytes(19_999_999);
const SMALL = randomBytes(1001);
const PIECE = 100_000;

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

/** What lies at a key, where something does. */
function contentOf(key: string): Buffer {
  return key.startsWith("large/") ? LARGE : SMALL;
}

async function assertWhole(storage: Storage, key: string): Promise<void> {
  if (!(await read(storage.get(key))).equals(contentOf(key))) throw new Error(`${key} has other bytes.`);
}

/** Opens a storage past the fault. */
type Open = () => Storage;

/** A piece of work: what must be there before, the work itself, and what must be true of its result. */
interface Doing {
  prepare(open: Open): Promise<void>;
  perform(stage: Stage): Promise<void>;
  /** Looked at past the fault. `done`: whether the work said that it succeeded. */
  check(open: Open, done: boolean): Promise<void>;
}

async function prepareBodies(open: Open): Promise<void> {
  await using direct = open();
  await Promise.all([direct.put("large/before", LARGE), direct.put("small/before", SMALL)]);
}

const put: Doing = {
  prepare: prepareBodies,
  async perform({ storage, again }) {
    if (again !== undefined) {
      return await again(async (round) => void (await storage.put(`small/put-${round}`, SMALL)));
    }
    await storage.put("large/put", inPieces(LARGE));
    await storage.put("small/put", SMALL, { ifAbsent: true });
  },
  async check(open, done) {
    await using direct = open();
    const listed = await all(direct.list(""));
    for (const { key } of listed) await assertWhole(direct, key);
    if (done && listed.length < 4) throw new Error("What was put is not listed.");
  },
};

const get: Doing = {
  prepare: prepareBodies,
  async perform({ storage, again }) {
    if (again !== undefined) return await again(async () => await assertWhole(storage, "small/before"));
    await assertWhole(storage, "large/before");
  },
  async check(open) {
    await using direct = open();
    await assertWhole(direct, "large/before");
  },
};

const small: Doing = {
  async prepare(open) {
    await using direct = open();
    for (const name of ["stays", "goes"]) await direct.put(`small/${name}`, SMALL);
  },
  async perform({ storage, again }) {
    const work = async () => {
      const calls = [
        storage.stat("small/stays"),
        all(storage.list("small/stays")),
        storage.copy?.("small/stays", "small/copy") ?? Promise.resolve(),
        storage.delete(["small/goes", "small/never"]),
      ] as const;
      await Promise.allSettled(calls); // so that none is under way any more when the fault is lifted
      const [found, listed] = await Promise.all(calls);
      if (found?.size !== SMALL.length || listed[0]?.size !== SMALL.length) throw new Error("The size is another.");
    };
    await (again === undefined ? work() : again(work));
  },
  async check(open, done) {
    await using direct = open();
    const listed = (await all(direct.list(""))).map(({ key }) => key);
    for (const key of listed) await assertWhole(direct, key);
    if (!listed.includes("small/stays")) throw new Error("What was to stay is gone.");
    if (done && listed.includes("small/goes")) throw new Error("What was deleted is still listed.");
  },
};

/** A small backup of a tree, after a first one that went well. */
export function backupOf(tree: string, scratch: string): Doing {
  let count = 0;
  const engineOn = (storage: Storage) =>
    createBackupEngine({
      app: { name: "matrix", version: "1.0.0" },
      sources: [directory("tree", { path: tree })],
      sites: { site: { storage, key: rawKey(Buffer.alloc(32, 7)) } },
    });
  return {
    async prepare(open) {
      await using engine = engineOn(open());
      await engine.backup({ site: "site" });
    },
    async perform({ storage }) {
      await using engine = engineOn(storage);
      await engine.backup({ site: "site" });
    },
    async check(open, done) {
      await using engine = engineOn(open());
      const backups = await engine.backups.list({ site: "site" });
      if (backups.length < (done ? 2 : 1)) throw new Error(`Only ${backups.length} backups are listed.`);
      for (const { id } of backups) {
        count += 1;
        const to = join(scratch, `restored-${count}`);
        const plan = await engine.planRestore({ site: "site", id, to: { tree: to } });
        await engine.restore(plan, { confirm: plan.token });
        const [difference] = await compareTrees(tree, to);
        if (difference !== undefined) throw new Error(`The restored tree differs: ${JSON.stringify(difference)}`);
      }
    },
  };
}

/** Some small files, and one that is too large for one part. */
export async function makeTree(folder: string): Promise<void> {
  await mkdir(join(folder, "small"), { recursive: true });
  for (let n = 0; n < 60; n += 1) await writeFile(join(folder, "small", `${n}`), randomBytes(n * 100));
  await writeFile(join(folder, "large"), randomBytes(18_000_000));
}

export type Doings = Readonly<Record<Work, Doing>>;

export const doings = (tree: string, scratch: string): Doings => ({ put, get, small, backup: backupOf(tree, scratch) });

/** What lies in a place though no listing shows it, after a sweep. */
export async function leftovers(place: Place): Promise<string[]> {
  await using direct = place.open();
  await direct.sweep?.({ olderThan: 0 });
  const listed = new Set((await all(direct.list(""))).map(({ key }) => key));
  return (await place.everything()).filter((name) => !listed.has(name));
}
