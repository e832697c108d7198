import { inspect } from "node:util";
import { LifeboatError, type Storage } from "@lifeboat/contracts";
import { rawKey, unencrypted } from "@lifeboat/crypto";
import { directory } from "@lifeboat/sources";
import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, it } from "vitest";
import { findings, report, statuses } from "./site-test-support.ts";
import { folder, type HostOptions, host, keys, texts } from "./support.ts";

const sources = [texts("settings", { a: "1" })];

/** A memory storage in which some calls are refused, by the key that they are about. */
function refusing(refused: (call: string, key: string) => boolean, inner = memoryStorage()): Storage {
  const check = (call: string, key: string) => {
    if (!refused(call, key)) return;
    const message = `storage.${call} of "${key}" failed: the key lacks s3:${call}.`;
    const hint = `Allow s3:${call}.`;
    throw new LifeboatError({ code: "PERMISSION_DENIED", operation: `storage.${call}`, key, message, hint });
  };
  return {
    ...inner,
    async put(key, body, o) {
      check("put", key);
      return await inner.put(key, body, o);
    },
    async *get(key, o) {
      check("get", key);
      yield* inner.get(key, o);
    },
    async stat(key, o) {
      check("get", key);
      return await inner.stat(key, o);
    },
    async *list(prefix, o) {
      check("list", prefix);
      yield* inner.list(prefix, o);
    },
    async delete(all, o) {
      for (const key of all) check("delete", key);
      await inner.delete(all, o);
    },
  };
}

describe("A test of a site", () => {
  it("finds nothing wrong with a good storage, leaves nothing in it, and makes no site", async () => {
    const { engine, storage } = host({ sources });
    const found = await engine.sites.test("local");
    expect(found).toMatchObject({ ok: true, site: "local", storage: "memory", findings: [] });
    expect(statuses(found)).toEqual({
      reach: "passed",
      site: "passed",
      rights: "passed",
      write: "passed",
      read: "passed",
      list: "passed",
      copy: "passed",
      create: "passed",
      clock: "passed",
      delete: "passed",
      measure: "passed",
      space: "skipped",
      disk: "skipped",
    });
    expect(found.measured.writeBytesPerSecond).toBeGreaterThan(0);
    expect(found.measured.readBytesPerSecond).toBeGreaterThan(0);
    expect(found.measured).toMatchObject({ clockDifferenceMs: 0 });
    expect(await keys(storage)).toEqual([]);
    expect(await engine.backups.list({ site: "local" })).toEqual([]);
  });

  it("touches no backup, and says how many there are", async () => {
    const { engine, storage } = host({ sources });
    const { id } = await engine.backup({ site: "local" });
    const before = await keys(storage);
    const found = await engine.sites.test("local");
    expect(found.steps[1]).toMatchObject({ name: "site", message: "A site with 1 backup, which the key opens." });
    expect(await keys(storage)).toEqual(before);
    expect(await engine.verify({ site: "local", id })).toMatchObject({ ok: true });
  });

  it("is a job with progress and a line for each thing that is wrong, found again by its id", async () => {
    const { engine } = host({ storage: refusing((call) => call === "list") });
    const job = engine.sites.test("local");
    const told: string[] = [];
    for await (const event of job) {
      told.push(event.type === "warning" ? event.code : event.type === "phase" ? event.phase : event.type);
    }
    expect(job).toMatchObject({ kind: "test", site: "local", status: "succeeded" });
    expect(told).toEqual(expect.arrayContaining(["testing", "progress", "list-denied"]));
    expect(engine.jobs.get(job.id)).toBe(job);
    expect(job.progress).toMatchObject({ entries: 13, totalEntries: 13, bytes: 2 * (4 << 20) });
  });

  it("is refused for a site that the engine does not know", async () => {
    const { engine } = host();
    // @ts-expect-error a site that does not exist
    await expect(engine.sites.test("lokal")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("says that another key locks the site, and that it is another application's", async () => {
    const { storage } = host({ sources });
    await host({ storage, sources }).engine.backup({ site: "local" });
    const other = await report({ storage, key: rawKey(new Uint8Array(32).fill(8)) });
    expect(findings(other)).toEqual(["error another-key"]);
    expect(statuses(other)).toMatchObject({ site: "failed", write: "passed", delete: "passed" });
    expect(findings(await report({ storage, key: unencrypted() }))).toEqual([
      "error another-site",
      "warning not-encrypted",
    ]);
    const app = await report({ storage, app: { name: "cms", version: "2" } });
    expect(findings(app)).toEqual(["warning another-app"]);
    expect(app.findings[0]?.message).toContain('"nvr"');
  });

  it("says what it must not say: that the site is not encrypted", async () => {
    expect(findings(await report({ key: unencrypted() }))).toEqual(["warning not-encrypted"]);
  });
});

describe("A right that is missing is named by a test of a site", () => {
  it.each([
    ["put", "write", "error write-denied"],
    ["get", "read", "error read-denied"],
    ["list", "list", "error list-denied"],
  ] as const)("the right to %s", async (right, step, expected) => {
    const inner = memoryStorage();
    const found = await report({ storage: refusing((call) => call === right, inner) });
    expect(found.ok).toBe(false);
    expect(findings(found)[0]).toBe(expected);
    expect(found.findings[0]).toMatchObject({ step, hint: `Allow s3:${right}.` });
    expect(found.findings[0]?.message).toContain(`the key lacks s3:${right}`);
    expect(await keys(inner)).toEqual([]);
  });

  it("a host that may only add backups is told so, and it is well", async () => {
    const inner = memoryStorage();
    const storage = refusing((call, key) => call === "delete" && !key.startsWith("locks/"), inner);
    const found = await report({ storage });
    expect(found.ok).toBe(true);
    expect(findings(found)).toEqual(["info append-only"]);
    expect(statuses(found)).toMatchObject({ delete: "passed", measure: "passed" });
    expect(await keys(inner)).toEqual([]);
  });

  it("where nothing may be deleted, at most one small object stays, however often it is tested", async () => {
    const inner = memoryStorage();
    for (let time = 0; time < 3; time += 1) {
      const found = await report({ storage: refusing((call) => call === "delete", inner) });
      expect(findings(found)).toEqual(["warning delete-denied", "info probe-left"]);
      expect(statuses(found)).toMatchObject({ write: "passed", read: "passed", delete: "skipped", measure: "skipped" });
      expect(await keys(inner)).toEqual(["locks/test-kept"]);
    }
  });

  it("a storage that is declared read-only is only looked at", async () => {
    const inner = memoryStorage();
    const storage = { ...inner, capabilities: { ...inner.capabilities, access: "read-only" as const } };
    const found = await report({ storage });
    expect(findings(found)).toEqual(["info read-only"]);
    expect(statuses(found)).toMatchObject({ write: "skipped", read: "skipped", list: "passed" });
  });
});

describe("What a storage does wrong is found by a test of it", () => {
  const wrong = (change: (inner: Storage) => Partial<Storage>): HostOptions => {
    const inner = memoryStorage();
    return { storage: { ...inner, ...change(inner) } };
  };

  it("a clock that is off", async () => {
    const found = await report(
      wrong((inner) => ({
        async put(key, body, o) {
          const info = await inner.put(key, body, o);
          return { ...info, modified: new Date(info.modified.getTime() + 3_723_000) };
        },
      })),
    );
    expect(found.ok).toBe(true);
    expect(findings(found)).toEqual(["warning clock-skew"]);
    expect(found.findings[0]?.message).toBe("This machine's clock is 1 h 2 min behind the storage's.");
    expect(found.measured.clockDifferenceMs).toBeGreaterThan(3_720_000);
  });

  it("little room", async () => {
    const storage = wrong((inner) => ({
      capabilities: { ...inner.capabilities, space: true },
      space: async () => ({ free: 5 << 20, total: 100 << 20 }),
    }));
    const found = await report(storage);
    expect(findings(found)).toEqual(["warning little-space"]);
    expect(found.findings[0]?.message).toContain("5.0 MiB of 100 MiB");
  });

  it("the same disk as the data, wherever a source says where that lies", async () => {
    const data = await folder({ "a.txt": "a" });
    const storage = wrong(() => ({ localDirectory: `${data}/not/made/yet` }));
    const near = directory("media", { path: data });
    const far = texts("proc", {}, { localDirectories: ["/proc"] });
    expect(findings(await report({ ...storage, sources: [far, texts("nowhere", {})] }))).toEqual([]);
    const found = await report({ ...storage, sources: [far, near] });
    expect(findings(found)).toEqual(["warning same-disk"]);
    expect(found.findings[0]?.message).toContain('the source "media"');
  });

  it("creating that overwrites", async () => {
    const found = await report(wrong((inner) => ({ put: (key, body) => inner.put(key, body) })));
    expect(findings(found)).toEqual(["error creating-overwrites"]);
  });

  it("creating that is not atomic", async () => {
    const found = await report(
      wrong((inner) => ({ capabilities: { ...inner.capabilities, conditionalPut: false, copy: false } })),
    );
    expect(findings(found)).toEqual(["info no-conditional-put"]);
    expect(statuses(found)).toMatchObject({ create: "passed", copy: "skipped" });
  });

  it("listings that lag behind", async () => {
    expect(findings(await report(wrong(() => ({ async *list() {} }))))).toEqual(["error not-listed"]);
  });

  it("other bytes than were written", async () => {
    const storage = wrong((inner) => ({
      async *get(key, o) {
        for await (const piece of inner.get(key, o)) yield piece.map((byte) => byte ^ 1);
      },
    }));
    expect(findings(await report(storage))[0]).toBe("error damaged");
  });

  it("objects that do not go away", async () => {
    const found = await report(wrong(() => ({ delete: async () => {} })));
    expect(findings(found)).toEqual(["warning still-there"]);
    expect(statuses(found)).toMatchObject({ delete: "failed", measure: "skipped" });
  });

  it("an error of the storage's own making, of whose words nothing is repeated", async () => {
    const found = await report(
      wrong(() => ({
        async stat() {
          throw new TypeError("the password hunter2 was refused");
        },
      })),
    );
    expect(findings(found)).toEqual(["error failed"]);
    expect(statuses(found)).toMatchObject({ reach: "failed", write: "skipped", disk: "skipped" });
    expect(inspect(found, { depth: 10 })).not.toContain("hunter2");
    expect(found.findings[0]?.message).toContain("TypeError");
  });
});
