import { archive } from "@lifeboat/archive";
import { type AbortOptions, isLifeboatError, orAbort, type Storage } from "@lifeboat/contracts";
import { dedup } from "@lifeboat/dedup";
import { memoryStorage } from "@lifeboat/storage-memory";
import { faultyStorage } from "@lifeboat/testkit";
import { describe, expect, it } from "vitest";
import { type ManualClock, manualClock, settle } from "./manual-clock.ts";
import { collect, gate, type HostOptions, host, keys, texts } from "./support.ts";

const FORMATS = { archive, dedup };
type FormatName = keyof typeof FORMATS;
const LIMIT = 2000;

const sources = () => [texts("settings", { "a.json": "{}" }), texts("media", { "x/1": "one", "x/2": "two" })];

async function copyOf(storage: Storage): Promise<Storage> {
  const copy = memoryStorage();
  for await (const { key } of storage.list("")) await copy.put(key, storage.get(key));
  return copy;
}

/** A storage that answers nothing any more from its n-th call on, until it is mended: then it does what it was told. */
function silent(inner: Storage, from: number, heeds: "heeds aborts" | "heeds nothing") {
  const reached = gate();
  const mended = gate();
  let calls = 0;

  async function call({ signal }: AbortOptions = {}): Promise<void> {
    if (heeds === "heeds aborts") signal?.throwIfAborted();
    if (calls++ < from) return;
    reached.open();
    await orAbort(mended.opened, heeds === "heeds aborts" ? signal : undefined);
  }

  const storage: Storage = {
    ...inner,
    async put(key, body, options) {
      await call(options);
      return inner.put(key, body, options);
    },
    async *get(key, options) {
      await call(options);
      yield* inner.get(key, options);
    },
    async stat(key, options) {
      await call(options);
      return inner.stat(key, options);
    },
    async *list(prefix, options) {
      await call(options);
      yield* inner.list(prefix, options);
    },
    async delete(keys, options) {
      await call(options);
      await inner.delete(keys, options);
    },
  };
  return { storage, reached: reached.opened, mend: mended.open };
}

/** Starts a backup with a time limit, lets the clock go on once nothing else does, and answers how it ended, and when. */
async function outcome(options: HostOptions & { readonly clock: ManualClock }, until: Promise<void>) {
  const { clock } = options;
  const { engine } = host(options);
  const begun = clock.now();
  const job = engine.backup({ site: "local", limits: { time: "2s" } });
  let ended: { readonly error: unknown; readonly ms: number } | null = null;
  job.then(
    () => {
      ended = { error: null, ms: clock.now() - begun };
    },
    (error: unknown) => {
      ended = { error, ms: clock.now() - begun };
    },
  );
  await Promise.race([until, Promise.allSettled([job])]);
  for (let n = 0; n < 100 && ended === null; n += 1) {
    clock.advance(50);
    await settle();
  }
  return { job, ...(ended ?? { error: "it never ended", ms: Number.NaN }) };
}

/** Nothing of the run is listed, and the next one works and clears away what is left. */
async function expectRetried(inner: Storage, format: FormatName, listed: number): Promise<void> {
  const { engine } = host({ storage: inner, sources: sources(), format: FORMATS[format]() });
  expect(await engine.backups.list({ site: "local" }).catch(() => [])).toHaveLength(listed);
  const next = engine.backup({ site: "local" });
  const events = await collect(next);
  const { id } = await next;
  expect(events.filter(({ type }) => type === "warning")).toEqual([]);
  expect(await engine.verify({ site: "local", id, level: "content" })).toMatchObject({ ok: true });
  const folders = new Set((await keys(inner, "backups/")).map((key) => key.split("/")[1]));
  expect(folders.size).toBe(listed + 1);
  expect(await keys(inner, "locks/")).toEqual([]);
}

describe.each(["archive", "dedup"] as const)("a time limit of 2 s (%s)", (format) => {
  const make = FORMATS[format];

  it.each(["heeds aborts", "heeds nothing"] as const)(
    "ends a backup within 3 s wherever the storage, which %s, becomes silent, and leaves nothing listed",
    async (heeds) => {
      const before = memoryStorage();
      await host({ storage: before, sources: sources(), format: make() }).engine.backup({ site: "local" });
      const dry = faultyStorage(await copyOf(before));
      await host({ storage: dry, sources: sources(), format: make() }).engine.backup({ site: "local" });
      expect(dry.calls.length).toBeGreaterThan(10);
      let stopped = 0;
      for (let call = 0; call < dry.calls.length; call += 1) {
        const inner = await copyOf(before);
        const { storage, reached, mend } = silent(inner, call, heeds);
        const clock = manualClock(Date.now());
        const { job, error, ms } = await outcome({ storage, sources: sources(), format: make(), clock }, reached);
        if (error === null) {
          mend(); // the backup was there already, only the housekeeping after it hung
          continue;
        }
        stopped += 1;
        expect(error, `call ${call}`).toMatchObject({ code: "TIMEOUT", reason: "time-limit", retryable: true });
        expect(ms, `call ${call}`).toBeGreaterThanOrEqual(LIMIT);
        expect(ms, `call ${call}`).toBeLessThanOrEqual(3000);
        expect(job.status).toBe("failed");
        mend();
        await settle(200);
        await expectRetried(inner, format, 1);
      }
      expect(stopped).toBeGreaterThan(dry.calls.length / 2);
    },
  );

  it("ends a backup to a storage that is merely too slow", async () => {
    const inner = memoryStorage();
    const clock = manualClock(Date.now());
    const wait = ({ signal }: AbortOptions = {}) => clock.sleep(300, { signal });
    const storage: Storage = {
      ...inner,
      put: async (key, body, options) => wait(options).then(() => inner.put(key, body, options)),
      stat: async (key, options) => wait(options).then(() => inner.stat(key, options)),
      delete: async (gone, options) => wait(options).then(() => inner.delete(gone, options)),
    };
    const { engine } = host({ storage, sources: sources(), format: make(), clock });
    const begun = clock.now();
    const job = engine.backup({ site: "local", limits: { time: "2s" } });
    const ended = job.then(
      () => null,
      (error: unknown) => ({ error, ms: clock.now() - begun }),
    );
    while (job.status === "running" || clock.sleeping > 0) {
      clock.wakeNext();
      await settle(2);
    }
    const { error, ms } = (await ended) ?? { error: null, ms: 0 };
    expect(error).toMatchObject({ code: "TIMEOUT" });
    expect(ms).toBeLessThanOrEqual(3000);
    await expectRetried(inner, format, 0);
  });

  it("does not touch a backup that takes less", async () => {
    const clock = manualClock();
    const { engine } = host({ sources: sources(), format: make(), clock });
    await expect(engine.backup({ site: "local", limits: { time: "2s" } })).resolves.toMatchObject({
      status: "complete",
    });
    clock.advance(10_000);
    await settle();
    expect(engine.jobs.list()[0]).toMatchObject({ status: "succeeded", error: undefined });
  });
});

describe("a time limit", () => {
  it("says what the backup was busy with, how far it had come, and since when nothing moved", async () => {
    const clock = manualClock();
    const begun = gate();
    const media = texts(
      "media",
      {},
      {
        async *entries({ signal }) {
          begun.open();
          yield await orAbort(new Promise<never>(() => undefined), signal);
        },
      },
    );
    const { job, error } = await outcome({ sources: [texts("settings", { a: "12345" }), media], clock }, begun.opened);
    if (!isLifeboatError(error)) throw error;
    expect(error.message).toBe(
      'The backup was stopped after 2 s, its time limit, while it was backing up "media" (1 entry and 5 bytes done). Nothing had moved for 2 s.',
    );
    expect(error.hint).toContain("limits.time");
    expect(error.key).toBe("media");
    expect(job.error).toBe(error);
  });

  it("ends a backup whose source neither answers nor heeds aborts", async () => {
    for (const stuck of ["describe", "scope", "entries", "beforeBackup"] as const) {
      const begun = gate();
      const clock = manualClock();
      const hang = () => {
        begun.open();
        return new Promise<never>(() => undefined);
      };
      const more = {
        describe: { describe: hang },
        scope: { scope: hang },
        entries: {
          async *entries() {
            yield await hang();
          },
        },
        beforeBackup: { hooks: { beforeBackup: hang } },
      }[stuck];
      const storage = memoryStorage();
      const { error, ms } = await outcome({ storage, sources: [texts("media", {}, more)], clock }, begun.opened);
      expect(error, stuck).toMatchObject({ code: "TIMEOUT", reason: "time-limit" });
      expect(ms, stuck).toBeLessThanOrEqual(3000);
      expect(await keys(storage, "backups/"), stuck).toEqual([]);
      expect(await keys(storage, "locks/"), stuck).toEqual([]);
    }
  });

  it("lets a source go on as soon as its first hook ends, and never calls hooks of two runs at once", async () => {
    const log: string[] = [];
    const begun = gate();
    const go = gate();
    let runs = 0;
    const media = texts(
      "media",
      { a: "1" },
      {
        hooks: {
          async beforeBackup() {
            runs += 1;
            log.push(`before ${runs}`);
            begun.open();
            if (runs === 1) await go.opened;
          },
          afterBackup: () => void log.push("after"),
        },
      },
    );
    const clock = manualClock();
    const storage = memoryStorage();
    const { error } = await outcome({ storage, sources: [media], clock }, begun.opened);
    expect(error).toMatchObject({ code: "TIMEOUT" });
    expect(log).toEqual(["before 1"]);
    const next = host({ storage, sources: [media], clock }).engine.backup({ site: "local" });
    await settle();
    expect(log).toEqual(["before 1"]);
    go.open();
    await next;
    expect(log).toEqual(["before 1", "after", "before 2", "after"]);
  });

  it("yields to a cancellation that came before it", async () => {
    const clock = manualClock();
    const { storage, reached, mend } = silent(memoryStorage(), 0, "heeds nothing");
    const { engine } = host({ storage, sources: sources(), clock });
    const job = engine.backup({ site: "local", limits: { time: "2s" } });
    await reached;
    job.cancel("changed my mind");
    clock.advance(10_000);
    await expect(job).rejects.toMatchObject({ code: "ABORTED" });
    expect(job.status).toBe("cancelled");
    mend();
  });

  it.each(["2 hours", "", "-1s", "0s", "12", "1e3s", "99999999999999d"])("refuses %j as a limit", async (time) => {
    const { engine, storage } = host({ sources: sources() });
    await expect(engine.backup({ site: "local", limits: { time } })).rejects.toMatchObject({
      code: "INVALID",
      key: "limits.time",
      message: expect.stringContaining('"12h"'),
    });
    expect(await keys(storage)).toEqual([]);
  });

  it("holds for more days than a timer can count", async () => {
    const { engine } = host({ sources: sources() });
    await expect(engine.backup({ site: "local", limits: { time: "60d" } })).resolves.toMatchObject({
      status: "complete",
    });
  });
});
