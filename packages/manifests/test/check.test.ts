import { createHash } from "node:crypto";
import type { Storage, VerifyProblem } from "@lifeboat/contracts";
import { LifeboatError } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, it } from "vitest";
import { backupKey, openManifests } from "../src/index.ts";
import { ID, manifest, site } from "./fixtures.ts";

const name = "settings.tar.zst.sealed";

async function whole(storage: Storage = memoryStorage()): Promise<Storage> {
  await storage.put(backupKey(ID, name), Buffer.from("hello\n"));
  await storage.put(backupKey(ID, "more/settings.index"), new Uint8Array(0));
  return storage;
}

async function check(storage: Storage, level: "presence" | "checksum", threads = 0) {
  const problems: VerifyProblem[] = [];
  const done = await openManifests(site({ storage, threads })).checkObjects(ID, manifest(), level, {
    onProblem: (problem) => problems.push(problem),
  });
  return { done, problems };
}

describe.each(["presence", "checksum"] as const)("checking objects for %s", (level) => {
  it("finds nothing wrong with what is whole", async () => {
    const { done, problems } = await check(await whole(), level);
    expect(problems).toEqual([]);
    expect(done).toEqual({ entries: 3, bytes: 6, storedBytes: level === "checksum" ? 6 : 0 });
  });

  it("finds a missing object", async () => {
    const storage = await whole();
    await storage.delete([backupKey(ID, name)]);
    expect((await check(storage, level)).problems).toEqual([
      expect.objectContaining({ code: "NOT_FOUND", source: "settings", object: name }),
    ]);
  });

  it("finds another size", async () => {
    const storage = await whole();
    await storage.put(backupKey(ID, name), Buffer.from("hello"));
    expect((await check(storage, level)).problems).toEqual([
      expect.objectContaining({ code: "CORRUPT", object: name }),
    ]);
  });

  it("rejects where the storage can't be asked, for it is no damage", async () => {
    const storage = {
      ...(await whole()),
      stat: () =>
        Promise.reject(new LifeboatError({ code: "UNREACHABLE", operation: "storage.stat", message: "no line" })),
    };
    await expect(check(storage, level)).rejects.toThrow(expect.objectContaining({ code: "UNREACHABLE" }));
  });

  it("stops with the caller's own reason", async () => {
    const reason = new Error("enough");
    const manifests = openManifests(site({ storage: await whole() }));
    const checking = manifests.checkObjects(ID, manifest(), level, {
      onProblem: () => {},
      signal: AbortSignal.abort(reason),
    });
    await expect(checking).rejects.toBe(reason);
  });

  it("leaves out the sources that were not asked for", async () => {
    const manifests = openManifests(site());
    const done = await manifests.checkObjects(ID, manifest(), level, {
      sources: [],
      onProblem: (problem) => expect.unreachable(problem.message),
    });
    expect(done).toEqual({ entries: 0, bytes: 0, storedBytes: 0 });
  });
});

describe("checking checksums", () => {
  it("finds other bytes of the same size", async () => {
    const storage = await whole();
    await storage.put(backupKey(ID, name), Buffer.from("Hello\n"));
    expect((await check(storage, "checksum")).problems).toEqual([
      expect.objectContaining({ code: "CORRUPT", object: name }),
    ]);
  });

  it("goes on after an object that breaks off in the middle", async () => {
    const inner = await whole();
    const storage: Storage = {
      ...inner,
      async *get(key, options) {
        yield* inner.get(key, options);
        if (key.endsWith(name))
          throw new LifeboatError({ code: "CORRUPT", operation: "storage.get", message: "bad sector" });
      },
    };
    expect((await check(storage, "checksum")).problems).toEqual([
      expect.objectContaining({ code: "CORRUPT", message: "bad sector" }),
    ]);
  });

  it.each([0, 2])("hashes large objects with %i threads", async (threads) => {
    const storage = memoryStorage();
    const parts = await Promise.all(
      [0, 1, 2].map(async (i) => {
        const bytes = Buffer.alloc(8 << 20, i + 1);
        await storage.put(backupKey(ID, `p${i}`), bytes);
        const sha256 = createHash("sha256").update(bytes).digest("hex");
        return { ...manifest().parts[0]!, source: `p${i}`, objects: [{ name: `p${i}`, size: bytes.length, sha256 }] };
      }),
    );
    const damaged = Buffer.alloc(8 << 20, 2);
    damaged[5_000_000] = 0;
    await storage.put(backupKey(ID, "p1"), damaged);
    const problems: VerifyProblem[] = [];
    const seen: number[] = [];
    await openManifests(site({ storage, threads })).checkObjects(ID, manifest({ parts }), "checksum", {
      onProblem: (problem) => problems.push(problem),
      onProgress: ({ storedBytes }) => seen.push(storedBytes),
    });
    expect(problems).toEqual([expect.objectContaining({ code: "CORRUPT", source: "p1", object: "p1" })]);
    expect(seen.at(-1)).toBe(3 * (8 << 20));
  });
});
