import { archive } from "@lifeboat/archive";
import { LifeboatError, type Source, type Storage } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, it } from "vitest";
import { createBackupEngine } from "../../src/index.ts";
import { manualClock, settle } from "../manual-clock.ts";
import { APP, collect, gate, KEY, keys, later, textEntry, texts } from "../support.ts";

const HOUR = 3_600_000;

interface Setup {
  readonly storage?: Storage;
  readonly source?: Source;
  /** Whether the site has the plan "nightly". Default: `true`. */
  readonly planned?: boolean;
}

function host({ storage = memoryStorage(), source = texts("settings", { a: "1" }), planned = true }: Setup = {}) {
  const clock = manualClock();
  const kept: Storage = { ...storage, [Symbol.asyncDispose]: async () => {} };
  const engine = createBackupEngine({
    app: APP,
    sources: [source],
    sites: {
      local: { storage: kept, key: KEY, format: archive() },
      offsite: { storage: memoryStorage(), key: KEY, format: archive() },
    },
    plans: planned
      ? { nightly: { site: "local", schedule: { cron: "0 2 * * *", timeZone: "UTC" }, staleAfter: "48h" } }
      : {},
    instance: "nvr-berlin",
    timeZone: "UTC",
    threads: 0,
    clock,
  });
  later(() => engine.close());
  const lines = async () => (await engine.health({ site: "local" })).reasons.map(({ text }) => text);
  return { engine, clock, storage, lines };
}

async function damage(storage: Storage, prefix: string): Promise<void> {
  const [key = ""] = await keys(storage, prefix);
  const bytes = Buffer.concat(await collect(storage.get(key)));
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await storage.put(key, bytes);
}

/** A storage whose calls are refused, or hang, once they are told to. */
function troubled(how: (call: string, key: string) => Promise<void>) {
  const inner = memoryStorage();
  const storage: Storage = {
    ...inner,
    async put(key, body, options) {
      await how("put", key);
      return inner.put(key, body, options);
    },
    async *get(key, options) {
      await how("get", key);
      yield* inner.get(key, options);
    },
    async stat(key, options) {
      await how("stat", key);
      return inner.stat(key, options);
    },
    async *list(prefix, options) {
      await how("list", prefix);
      yield* inner.list(prefix, options);
    },
  };
  return storage;
}

const unreachable = () =>
  new LifeboatError({ code: "UNREACHABLE", operation: "storage", message: "sftp://nas:22 does not answer.", key: "x" });

/** What hangs until the test is over. */
function hanging() {
  const { opened, open } = gate();
  return { hang: () => opened, release: () => later(async () => open()) };
}

describe("engine.health() says so in one line", () => {
  it("where a plan never ran", async () => {
    const { lines } = host();
    expect(await lines()).toEqual(['The plan "nightly" has never made a backup.']);
  });

  it("where the newest backup is too old", async () => {
    const { engine, clock, lines } = host();
    const { id } = await engine.backup({ plan: "nightly" });
    await engine.verify({ site: "local", id });
    expect(await lines()).toEqual([]);
    clock.advance(72 * HOUR);
    expect(await lines()).toEqual([
      'The newest backup of the plan "nightly" is 3 days old; it should not be older than 2 days.',
    ]);
    const { sites } = await engine.health();
    expect(sites[0]?.plans).toMatchObject([{ plan: "nightly", overdue: true, score: 60, lastSuccess: { id } }]);
  });

  it("where backups fail, and why, until one succeeds", async () => {
    let broken = false;
    const source = texts(
      "settings",
      {},
      {
        async *entries() {
          if (broken) throw new Error("the database at postgres://app:hunter2@db/ is locked");
          yield textEntry("a", "1");
        },
      },
    );
    const { engine, clock, lines } = host({ source });
    const { id } = await engine.backup({ plan: "nightly" });
    await engine.verify({ site: "local", id });
    broken = true;
    for (const hours of [1, 2]) {
      clock.advance(hours * HOUR);
      await expect(engine.backup({ plan: "nightly" })).rejects.toMatchObject({ code: "SOURCE_FAILED" });
    }
    const line =
      'The backup of the plan "nightly" has failed 2 times, last less than a minute ago: SOURCE_FAILED: The source "settings" failed in entries: the database at postgres://db/ is locked.';
    expect(await lines()).toEqual([line]);
    expect((await engine.health()).sites[0]?.plans[0]).toMatchObject({
      summary: line,
      score: 70,
      lastFailure: { task: "backup", code: "SOURCE_FAILED" },
      lastSuccess: { id },
    });
    broken = false;
    clock.advance(HOUR);
    await engine.backup({ plan: "nightly" });
    expect(await lines()).toEqual([]);
  });

  it("where backups fail because the site is away, as far as this process knows", async () => {
    const storage = troubled(async () => {
      throw unreachable();
    });
    const { engine, lines } = host({ storage });
    await expect(engine.backup({ plan: "nightly" })).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect(await lines()).toEqual([
      'The site "local" can\'t be looked at: sftp://nas:22 does not answer.',
      'The backup of the plan "nightly" failed less than a minute ago: UNREACHABLE: sftp://nas:22 does not answer.',
    ]);
  });

  it("where nobody has looked whether backups are whole", async () => {
    const { engine, lines } = host();
    await engine.backup({ plan: "nightly" });
    expect(await lines()).toEqual(['No backup of the plan "nightly" was ever verified.']);
  });

  it("where a backup is damaged", async () => {
    const { engine, storage, lines } = host();
    const { id } = await engine.backup({ plan: "nightly" });
    await damage(storage, `backups/${id}/settings`);
    const { problems } = await engine.verify({ site: "local", id });
    const found = problems[0]?.message.replace(/\.$/, "");
    expect(await lines()).toEqual([`The backup ${id} of the plan "nightly", the newest, is damaged: ${found}.`]);
  });

  it("where the site is away, and tells of the others", async () => {
    let away = false;
    const storage = troubled(async () => {
      if (away) throw unreachable();
    });
    const { engine, lines } = host({ storage });
    await engine.backup({ plan: "nightly" });
    away = true;
    expect(await lines()).toEqual(['The site "local" can\'t be looked at: sftp://nas:22 does not answer.']);
    const { sites, score } = await engine.health();
    expect(score).toBe(30);
    expect(sites.map(({ site, access }) => `${site} ${access}`)).toEqual(["local away", "offsite none"]);
  });

  it("where the site does not answer in time", async () => {
    const { hang, release } = hanging();
    const { engine, clock } = host({ storage: troubled(hang) });
    release();
    const looking = engine.health({ site: "local", within: "3s" });
    await settle();
    clock.advance(3000);
    const { reasons } = await looking;
    expect(reasons).toMatchObject([
      {
        code: "site-away",
        cause: "TIMEOUT",
        text: 'The site "local" can\'t be looked at: The site "local" did not answer within 3 s.',
      },
    ]);
  });

  it("where the disk is nearly full", async () => {
    const inner = memoryStorage();
    const storage: Storage = {
      ...inner,
      capabilities: { ...inner.capabilities, space: true },
      space: async () => ({ free: 2e9, total: 64e9 }),
    };
    const { engine, lines } = host({ storage });
    const { id } = await engine.backup({ plan: "nightly" });
    await engine.verify({ site: "local", id });
    expect(await lines()).toEqual(['The site "local" is nearly full: 2 GB of 64 GB are free.']);
  });

  it("where the newest backup could not take everything", async () => {
    const source = texts(
      "settings",
      {},
      {
        async *entries(context) {
          context.report({ path: "locked.db", code: "PERMISSION_DENIED", message: "It may not be read." });
          yield* [];
        },
      },
    );
    const { engine, lines } = host({ source });
    const { id } = await engine.backup({ plan: "nightly" });
    await engine.verify({ site: "local", id });
    expect(await lines()).toEqual(['The newest backup of the plan "nightly" could not take everything: 1 problem.']);
  });

  it("where there is no plan and no backup", async () => {
    const { lines } = host({ planned: false });
    expect(await lines()).toEqual(['There is no backup on the site "local" yet.']);
  });
});

describe("engine.health()", () => {
  it("tells what it could see of a site that is too slow to see all of, and goes on where it stopped", async () => {
    let slow = new Set<string>();
    const { hang, release } = hanging();
    const storage = troubled(async (call, key) => {
      if (call === "get" && slow.has(key)) await hang();
    });
    const { engine, clock } = host({ storage, planned: false });
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      clock.advance(HOUR);
      ids.push((await engine.backup({ site: "local" })).id);
    }
    const other = host({ storage, planned: false });
    release();
    slow = new Set([`backups/${ids[1]}/manifest.json`]);
    const looking = other.engine.health({ site: "local" });
    await settle();
    other.clock.advance(10_000);
    const [site] = (await looking).sites;
    expect(site).toMatchObject({ access: "reached", lastSuccess: { id: ids[2] }, backups: { count: 3, unread: 1 } });
    slow.clear();
    expect((await other.engine.health({ site: "local" })).sites[0]).toMatchObject({ backups: { count: 3, unread: 0 } });
  });

  it("refuses a site that there is none of, and a time that is none", async () => {
    const { engine } = host();
    await expect(engine.health({ site: "nowhere" as never })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(engine.health({ within: "soon" })).rejects.toMatchObject({ code: "INVALID" });
    await expect(engine.health({ signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
    await engine.close();
    await expect(engine.health()).rejects.toMatchObject({ code: "INVALID" });
  });

  it("stops when it is told to, whatever the storage does", async () => {
    const { hang, release } = hanging();
    const { engine } = host({ storage: troubled(hang) });
    release();
    const stop = new AbortController();
    const looking = engine.health({ signal: stop.signal });
    await settle();
    stop.abort("enough");
    await expect(looking).rejects.toBe("enough");
  });

  it("takes what is healthy from the host", () => {
    const sites = { local: { storage: memoryStorage(), key: KEY, format: archive() } };
    for (const health of [{ verifyWithin: "often" }, { minFree: "lots" }, { minFree: -1 }]) {
      expect(() => createBackupEngine({ app: APP, sources: [], sites, health })).toThrow(
        expect.objectContaining({ code: "INVALID" }),
      );
    }
  });
});
