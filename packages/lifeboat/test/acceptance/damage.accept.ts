import { randomBytes } from "node:crypto";
import { isLifeboatError, type SourceEntry, type Storage } from "@lifeboat/contracts";
import { expect, it } from "vitest";
import { createBackupEngine, memoryStorage, passphrase, rawKey } from "../../src/index.ts";

const CHANGES = 10_000;

async function bytesOf(storage: Storage, key: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of storage.get(key)) pieces.push(piece.slice());
  return Buffer.concat(pieces);
}

function small() {
  const content = Buffer.concat([randomBytes(1500), Buffer.alloc(1500, "text ")]);
  return {
    id: "data",
    async *entries(): AsyncGenerator<SourceEntry> {
      yield { path: "a", type: "directory", mode: 0o755, mtimeMs: 0 };
      yield {
        path: "a/b",
        type: "file",
        mode: 0o644,
        mtimeMs: 0,
        size: content.length,
        async *open() {
          yield content;
        },
      };
    },
    async restore() {},
  };
}

it(`finds ${CHANGES} of ${CHANGES} random changes and truncations of a part and its manifest, and takes none for a wrong key`, async () => {
  const storage = memoryStorage();
  await using engine = createBackupEngine({
    app: { name: "acceptance", version: "1.0.0" },
    sources: [small()],
    sites: { site: { storage, key: rawKey(Buffer.alloc(32, 7)) } },
    threads: 0,
  });
  const { id } = await engine.backup({ site: "site" });
  const keys = [`backups/${id}/data.tar.zst.sealed`, `backups/${id}/manifest.json`];
  const originals = await Promise.all(keys.map((key) => bytesOf(storage, key)));
  const verdict = async (): Promise<string[]> => {
    try {
      const { ok, problems } = await engine.verify({ site: "site", id, level: "content" });
      return ok ? [] : problems.map(({ code }) => code);
    } catch (error) {
      if (isLifeboatError(error)) return [error.code];
      throw error;
    }
  };
  expect(await verdict()).toEqual([]);
  const codes = new Map<string, number>();
  for (let n = 0; n < CHANGES; n++) {
    const which = n % 2;
    const [key, original] = [keys[which]!, originals[which]!];
    const at = Math.floor(Math.random() * original.length);
    const changed = Buffer.from(original);
    if (n % 20 < 2) await storage.put(key, changed.subarray(0, at));
    else {
      changed[at] = (changed[at] ?? 0) ^ (1 + Math.floor(Math.random() * 255));
      await storage.put(key, changed);
    }
    const found = await verdict();
    expect(found.length, `change ${n}: byte ${at} of ${key}`).toBeGreaterThan(0);
    for (const code of found) {
      codes.set(code, (codes.get(code) ?? 0) + 1);
      expect(code, `change ${n}: byte ${at} of ${key}`).not.toBe("WRONG_KEY");
    }
    await storage.put(key, original);
  }
  expect(await verdict()).toEqual([]);
  console.log(`${CHANGES} changes:`, Object.fromEntries(codes));
});

it("never takes a wrong key for damage", async () => {
  const storage = memoryStorage();
  const cheap = { memoryKiB: 64, passes: 1 };
  const engineWith = (secret: string) =>
    createBackupEngine({
      app: { name: "acceptance", version: "1.0.0" },
      sources: [small()],
      sites: { site: { storage, key: passphrase(secret, cheap) } },
      threads: 0,
    });
  await using engine = engineWith("right");
  const { id } = await engine.backup({ site: "site" });
  for (let n = 0; n < 200; n++) {
    const other = engineWith(`wrong-${n}`); // not closed: it shares the storage
    await expect(other.backups.list({ site: "site" })).rejects.toMatchObject({ code: "WRONG_KEY" });
    await expect(other.verify({ site: "site", id, level: "content" })).rejects.toMatchObject({ code: "WRONG_KEY" });
  }
});
