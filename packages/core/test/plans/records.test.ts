import { archive } from "@lifeboat/archive";
import type { Storage } from "@lifeboat/contracts";
import { appendOnly } from "@lifeboat/storage-decorators";
import { memoryStorage } from "@lifeboat/storage-memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RunRecord } from "../../src/index.ts";
import { createRunRecords } from "../../src/lib/plans/run-records.ts";
import { KEPT_RECORDS, recordsToTrim } from "../../src/lib/plans/trim-records.ts";
import type { OpenSite } from "../../src/lib/sites.ts";
import { KEY, keys } from "../support.ts";

const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 3_600_000);
const record = (n: number, changes: Partial<RunRecord> = {}): Omit<RunRecord, "id"> => ({
  instance: "nvr-berlin",
  plan: "nightly",
  task: "backup",
  started: at(n),
  finished: new Date(at(n).getTime() + 1500),
  outcome: "failed",
  code: "UNREACHABLE",
  message: "The line broke.",
  ...changes,
});
const warn = (error: unknown) => expect.unreachable(String(error));

function siteOn(storage: Storage, { encrypted = true, siteId = "ab".repeat(16) } = {}): OpenSite {
  const secret = encrypted ? { key: new Uint8Array(32).fill(7), suite: 1 as const, keyBlock: new Uint8Array(0) } : null;
  const context = { name: "local", siteId, storage, secret, threads: 0 };
  const options = { storage, format: archive(), key: KEY };
  return { name: "local", options, context } as unknown as OpenSite;
}

describe.each([{ encrypted: true }, { encrypted: false }])("run records, encrypted: $encrypted", ({ encrypted }) => {
  it("come back as they were written, oldest first", async () => {
    const site = siteOn(memoryStorage(), { encrypted });
    const records = createRunRecords();
    const bare = {
      instance: "a",
      plan: "b",
      task: "drill",
      outcome: "succeeded",
      started: at(1),
      finished: at(2),
    } as const;
    const written = [
      await records.write(site, record(9, { due: at(8) }), { warn }),
      await records.write(site, bare, { warn }),
    ];
    expect(await records.load(site)).toEqual(written.reverse());
    expect(await createRunRecords().load(site)).toEqual(written);
  });

  it("are passed over where they can't be read, and left alone", async () => {
    const storage = memoryStorage();
    const site = siteOn(storage, { encrypted });
    const { id } = await createRunRecords().write(site, record(1), { warn });
    const other = await createRunRecords().write(siteOn(storage, { encrypted, siteId: "cd".repeat(16) }), record(2), {
      warn,
    });
    await storage.put("runs/2026-01-01T00-00-00.000Z-00000000.json", Buffer.from("{"));
    await storage.put("runs/readme.txt", Buffer.from("hello"));
    expect((await createRunRecords().load(site)).map((each) => each.id)).toEqual([id]);
    expect(await keys(storage, "runs/")).toContain(`runs/${other.id}.json`);
    expect(await keys(storage, "runs/")).toHaveLength(4);
  });
});

it("A run record shows nothing of its plan to whoever has no key", async () => {
  const storage = memoryStorage();
  const { id } = await createRunRecords().write(siteOn(storage), record(1), { warn });
  const pieces: Uint8Array[] = [];
  for await (const piece of storage.get(`runs/${id}.json`)) pieces.push(piece);
  const shown = Buffer.concat(pieces).toString();
  for (const secret of ["nvr-berlin", "nightly", "line broke", "UNREACHABLE"]) expect(shown).not.toContain(secret);
});

it("A run record is read once", async () => {
  let reads = 0;
  const storage = memoryStorage();
  const counting: Storage = {
    ...storage,
    get: (key, options) => {
      reads += 1;
      return storage.get(key, options);
    },
  };
  const [site, records] = [siteOn(counting), createRunRecords()];
  for (let n = 0; n < 5; n++) await records.write(site, record(n), { warn });
  for (let n = 0; n < 3; n++) expect(await records.load(site)).toHaveLength(5);
  expect(reads).toBe(5);
});

describe("old run records", () => {
  it("go once there are more than a hundred, but the last of each kind stays", async () => {
    const site = siteOn(memoryStorage());
    const records = createRunRecords();
    const drill = await records.write(site, record(0, { task: "drill", outcome: "succeeded" }), { warn });
    for (let n = 1; n <= KEPT_RECORDS + 20; n++) await records.write(site, record(n), { warn });
    const left = await records.load(site);
    expect(left).toHaveLength(KEPT_RECORDS + 1);
    expect(left[0]).toEqual(drill);
    expect(left[1]?.started).toEqual(at(21));
  });

  it("stay on an append-only site, and that is no error", async () => {
    const site = siteOn(appendOnly(memoryStorage()));
    const records = createRunRecords();
    for (let n = 1; n <= KEPT_RECORDS + 3; n++) await records.write(site, record(n), { warn });
    expect(await records.load(site)).toHaveLength(KEPT_RECORDS + 3);
  });

  it("that can't be taken away are told of, and what was to be remembered is", async () => {
    const storage = memoryStorage();
    const stuck: Storage = {
      ...storage,
      delete: async () => {
        throw new Error("no");
      },
    };
    const records = createRunRecords();
    const told: unknown[] = [];
    for (let n = 1; n <= KEPT_RECORDS + 1; n++)
      await records.write(siteOn(stuck), record(n), { warn: (error) => told.push(error) });
    expect(told).toEqual([new Error("no")]);
    expect(await records.load(siteOn(stuck))).toHaveLength(KEPT_RECORDS + 1);
  });

  it("are chosen so that the newest hundred and the last of each plan, instance, task and outcome stay", () => {
    const kinds = fc.record({
      instance: fc.constantFrom("a", "b"),
      plan: fc.constantFrom("x", "y", "z"),
      task: fc.constantFrom("backup" as const, "verify" as const),
      outcome: fc.constantFrom("failed" as const, "succeeded" as const),
    });
    fc.assert(
      fc.property(fc.array(kinds, { maxLength: 250 }), (some) => {
        const all = some.map((kind, n) => ({ ...record(n), ...kind, id: String(n).padStart(4, "0") }));
        const gone = new Set(recordsToTrim([...all].reverse()));
        const left = all.filter(({ id }) => !gone.has(id));
        const kindOf = ({ instance, plan, task, outcome }: RunRecord) => [instance, plan, task, outcome].join();
        const newest = new Map(all.map((each) => [kindOf(each), each.id]));
        for (const id of newest.values()) expect(gone).not.toContain(id);
        for (const { id } of all.slice(-KEPT_RECORDS)) expect(gone).not.toContain(id);
        expect(left.length).toBeLessThanOrEqual(KEPT_RECORDS + newest.size);
        expect(recordsToTrim(left)).toEqual([]);
      }),
    );
  });
});
