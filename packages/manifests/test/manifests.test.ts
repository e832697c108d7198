import { isLifeboatError } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backupKey, openManifests } from "../src/index.ts";
import { collect, ID, manifest, OTHER_ID, site, text } from "./fixtures.ts";

const coded = (code: string) => expect.objectContaining({ code });

describe.each([{ encrypted: true }, { encrypted: false }])("manifests, $encrypted", ({ encrypted }) => {
  it("comes back as it was written", async () => {
    const manifests = openManifests(site({ encrypted }));
    await manifests.commit(manifest());
    expect(await manifests.manifest(ID)).toEqual(manifest());
  });

  it("keeps who made it and for which plan, as far as that is known", async () => {
    const [due, instance] = [new Date("2026-11-20T02:00:00.000Z"), "nvr-berlin"];
    for (const run of [{ instance }, { instance, plan: "nightly" }, { instance, plan: "nightly", due }]) {
      const manifests = openManifests(site({ encrypted }));
      await manifests.commit(manifest({ run }));
      expect(await manifests.manifest(ID)).toEqual(manifest({ run }));
    }
  });

  it("exists once only", async () => {
    const manifests = openManifests(site({ encrypted }));
    await manifests.commit(manifest());
    await expect(manifests.commit(manifest())).rejects.toThrow(coded("ALREADY_EXISTS"));
  });

  it("is told from one that is absent", async () => {
    await expect(openManifests(site({ encrypted })).manifest(ID)).rejects.toThrow(coded("NOT_FOUND"));
  });

  it("finds every single-byte change and every truncation", async () => {
    const context = site({ encrypted });
    const manifests = openManifests(context);
    await manifests.commit(manifest());
    const key = backupKey(ID, "manifest.json");
    const whole = Buffer.from(await text(context.storage, key));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, by, cut) => {
          const damaged = Buffer.from(cut ? whole.subarray(0, at) : whole);
          if (!cut) damaged[at] = (damaged[at] ?? 0) ^ by;
          await context.storage.put(key, damaged);
          await expect(manifests.manifest(ID)).rejects.toThrow(coded("CORRUPT"));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("refuses a backup's folder under another name", async () => {
    const context = site({ encrypted });
    const manifests = openManifests(context);
    await manifests.commit(manifest());
    await context.storage.put(
      backupKey(OTHER_ID, "manifest.json"),
      Buffer.from(await text(context.storage, backupKey(ID, "manifest.json"))),
    );
    const error = await manifests.manifest(OTHER_ID).catch((reason: unknown) => reason);
    expect(isLifeboatError(error, encrypted ? "CORRUPT" : "INCOMPATIBLE")).toBe(true);
  });

  it("refuses the manifest of another site", async () => {
    const context = site({ encrypted });
    await openManifests(context).commit(manifest());
    const other = openManifests({ ...context, siteId: "ffffffffffffffffffffffffffffffff" });
    await expect(other.manifest(ID)).rejects.toThrow(coded("INCOMPATIBLE"));
  });

  it("is refused where a source's id is none: it becomes part of paths", async () => {
    const context = site({ encrypted: false });
    const [part] = manifest().parts;
    await openManifests(context).commit(manifest({ parts: [{ ...part!, source: "../../home/anna/.config" }] }));
    await expect(openManifests(context).manifest(ID)).rejects.toThrow(coded("CORRUPT"));
  });

  it("names at most 1,000 problems", async () => {
    const manifests = openManifests(site({ encrypted }));
    const problem = { source: "settings", code: "changed", message: "x" } as const;
    await manifests.commit(manifest({ problems: Array.from({ length: 1001 }, () => problem) }));
    expect((await manifests.manifest(ID)).problems).toHaveLength(1000);
  });

  it("keeps labels apart from the manifest", async () => {
    const manifests = openManifests(site({ encrypted }));
    expect(await manifests.labels(ID)).toEqual({ preserve: false });
    await manifests.setLabels(ID, { label: "before upgrade ✓", preserve: true });
    await manifests.setLabels(ID, { label: "before the upgrade", preserve: true });
    expect(await manifests.labels(ID)).toEqual({ label: "before the upgrade", preserve: true });
    await manifests.setLabels(ID, { preserve: false });
    expect(await manifests.labels(ID)).toEqual({ preserve: false });
  });

  it("refuses labels that were copied from another backup", async () => {
    const context = site({ encrypted });
    const manifests = openManifests(context);
    await manifests.setLabels(ID, { preserve: true });
    const bytes = Buffer.from(await text(context.storage, backupKey(ID, "labels.json")));
    await context.storage.put(backupKey(OTHER_ID, "labels.json"), bytes);
    await expect(manifests.labels(OTHER_ID)).rejects.toThrow(coded(encrypted ? "CORRUPT" : "INCOMPATIBLE"));
  });
});

describe("an encrypted manifest", () => {
  it("shows sizes and checksums to anyone, and nothing that names content", async () => {
    const context = site();
    const manifests = openManifests(context);
    await manifests.commit(manifest({ run: { instance: "berlin", plan: "nightly" } }));
    await manifests.setLabels(ID, { label: "nursery", preserve: true });
    const shown = await text(context.storage, backupKey(ID, "manifest.json"));
    const value: unknown = JSON.parse(shown);
    expect(value).toMatchObject({
      id: ID,
      trigger: "manual",
      parts: [{ source: "settings", size: 6, counts: { files: 2 } }],
    });
    expect(shown).toContain(manifest().parts[0]?.objects[0]?.sha256);
    for (const secret of ["nursery", "IMX477", "diary", "2026-11-19", "modules", "1.9.0", "nvr", "berlin", "nightly"])
      expect(shown).not.toContain(secret);
    expect(await text(context.storage, backupKey(ID, "labels.json"))).not.toContain("nursery");
  });

  it("is refused under another key", async () => {
    const context = site();
    await openManifests(context).commit(manifest());
    const other = openManifests(site({ storage: context.storage, key: 8 }));
    await expect(other.manifest(ID)).rejects.toThrow(coded("CORRUPT"));
  });

  it("is refused where the site is taken to be without encryption", async () => {
    const context = site();
    await openManifests(context).commit(manifest());
    const other = openManifests(site({ storage: context.storage, encrypted: false }));
    await expect(other.manifest(ID)).rejects.toThrow(coded("INCOMPATIBLE"));
  });
});

describe("a manifest whose members are not as the specification says", () => {
  const wrong: readonly [string, object][] = [
    ["a negative size", { parts: [{ ...manifest().parts[0], size: -1 }] }],
    ["a size beyond what numbers hold", { parts: [{ ...manifest().parts[0], size: 2 ** 53 }] }],
    ["half a byte", { parts: [{ ...manifest().parts[0], storedSize: 0.5 }] }],
    [
      "an object that leaves the folder",
      { parts: [{ ...manifest().parts[0], objects: [{ name: "../x", size: 1, sha256: "a".repeat(64) }] }] },
    ],
    [
      "itself among its objects",
      { parts: [{ ...manifest().parts[0], objects: [{ name: "manifest.json", size: 1, sha256: "a".repeat(64) }] }] },
    ],
    [
      "what verifications found among its objects",
      { parts: [{ ...manifest().parts[0], objects: [{ name: "verified.json", size: 1, sha256: "a".repeat(64) }] }] },
    ],
    [
      "capitals in a SHA-256",
      { parts: [{ ...manifest().parts[0], objects: [{ name: "x", size: 1, sha256: "A".repeat(64) }] }] },
    ],
    ["a source twice", { parts: [manifest().parts[0], manifest().parts[0]] }],
    ["an unknown format", { format: "paper" }],
    ["an unknown trigger", { trigger: "whim" }],
    ["an app without a name", { app: { version: "1" } }],
    ["a run by nobody", { run: { plan: "nightly" } }],
    ["a plan that is a number", { run: { instance: "nvr-berlin", plan: 7 } }],
    ["a run due at no time", { run: { instance: "nvr-berlin", due: { toISOString: () => "at night" } } }],
  ];
  it.each(wrong)("is refused: %s", async (_, changes) => {
    const manifests = openManifests(site());
    await manifests.commit({ ...manifest(), ...changes });
    await expect(manifests.manifest(ID)).rejects.toThrow(coded("CORRUPT"));
  });
});

describe("listing and removing", () => {
  it("shows finished and unfinished backups, and passes over what is none", async () => {
    const { storage } = site();
    const manifests = openManifests(site({ storage }));
    await manifests.commit(manifest());
    await manifests.setLabels(ID, { preserve: true });
    await storage.put(backupKey(OTHER_ID, "settings.tar"), new Uint8Array(3));
    await storage.put("backups/holiday pictures/a.jpg", new Uint8Array(3));
    await storage.put("backups/readme.txt", new Uint8Array(3));
    const found = await collect(manifests.list());
    expect(found).toHaveLength(2);
    expect(found).toContainEqual({
      id: ID,
      complete: true,
      labelled: true,
      verified: "",
      stamp: expect.stringMatching(/^\d+-\d+$/),
    });
    expect(found).toContainEqual({ id: OTHER_ID, complete: false, labelled: false, verified: "", stamp: "" });
  });

  it("deletes the manifests before anything else, and nothing of other backups", async () => {
    const storage = memoryStorage();
    const deleted: string[][] = [];
    const watched = {
      ...storage,
      delete: async (keys: readonly string[]) => {
        deleted.push([...keys]);
        await storage.delete(keys);
      },
    };
    const manifests = openManifests(site({ storage: watched }));
    await manifests.commit(manifest());
    await manifests.commit(manifest({ id: OTHER_ID, trigger: "scheduled" }));
    await storage.put(backupKey(ID, "settings.tar"), new Uint8Array(3));
    await storage.put(backupKey(OTHER_ID, "settings.tar"), new Uint8Array(3));
    await storage.put("backups/holiday/a.jpg", new Uint8Array(3));
    await manifests.remove([ID, OTHER_ID]);
    expect(deleted[0]).toEqual([backupKey(ID, "manifest.json"), backupKey(OTHER_ID, "manifest.json")]);
    expect((await collect(storage.list(""))).map(({ key }) => key)).toEqual(["backups/holiday/a.jpg"]);
  });

  it("never deletes by a name that is no backup's id", async () => {
    await expect(openManifests(site()).remove([".."])).rejects.toThrow(coded("INVALID"));
  });

  it("lists 5,000 backups within a second of the processor's time", async () => {
    const storage = memoryStorage();
    for (let i = 0; i < 5000; i++) {
      const id = `2026-11-20T02-00-00.123Z-manual-${i.toString(16).padStart(4, "0")}`;
      await storage.put(`backups/${id}/manifest.json`, new Uint8Array(1));
    }
    const before = process.cpuUsage();
    expect(await collect(openManifests(site({ storage })).list())).toHaveLength(5000);
    const { user, system } = process.cpuUsage(before);
    expect(user + system).toBeLessThan(1_000_000);
  });
});
