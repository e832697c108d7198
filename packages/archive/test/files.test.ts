import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Storage, VerifyProblem } from "@lifeboat/contracts";
import { localStorage } from "@lifeboat/storage-local";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { archive } from "../src/index.ts";
import { all, backUp, bytesOf, file, ID, site } from "./support.ts";

const MIB = 1024 * 1024;
const FILES = new Map([
  ["a", randomBytes(3000)],
  ["large", randomBytes(9 * MIB)],
  ["z", randomBytes(5000)],
]);

describe.each([0, 2])("a part that is a file, read by %i threads", (threads) => {
  let root = "";
  let storage: Storage;
  let part = "";
  let whole: Buffer;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "lifeboat-archive-files-"));
    storage = localStorage({ path: root });
    await backUp(
      archive(),
      context(),
      [...FILES].map(([path, bytes]) => file(path, bytes)),
    );
    const keys = (await all(storage.list(`backups/${ID}/`))).map(({ key }) => key);
    part = join(root, keys.find((key) => key.includes("data.")) ?? "");
    whole = await readFile(part);
  });
  afterAll(async () => {
    await storage[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  const { storage: _unused, ...facts } = site({ threads });
  const context = () => ({ ...facts, storage });

  async function problems(): Promise<object[]> {
    const found: VerifyProblem[] = [];
    await archive()
      .open(context())
      .verify(ID, "content", { onProblem: (problem) => found.push(problem) });
    return found.map(({ code, source, object, path }) => ({ code, source, object, path }));
  }

  it("gives its entries, and is found whole", async () => {
    const found = new Map<string, Buffer>();
    for await (const entry of archive().open(context()).read(ID, "data"))
      found.set(entry.path, await bytesOf(entry.open()));
    expect(found).toEqual(FILES);
    expect(await problems()).toEqual([]);
  });

  it("is found damaged where a bit has turned, or its end is missing, as one that is read through the storage", async () => {
    const without: Storage = { ...storage };
    Reflect.deleteProperty(without, "openFile");
    for (const damage of ["turned", "cut off"]) {
      if (damage === "turned") {
        const bytes = Buffer.from(whole);
        bytes[6 * MIB] = (bytes[6 * MIB] ?? 0) ^ 1;
        await writeFile(part, bytes);
      } else {
        await writeFile(part, whole);
        await truncate(part, whole.length - 5 * MIB);
      }
      const found = await problems();
      expect(found.length, damage).toBeGreaterThan(0);
      const kept = storage;
      storage = without;
      try {
        expect(found).toEqual(await problems());
      } finally {
        storage = kept;
      }
      await writeFile(part, whole);
    }
    expect(await problems()).toEqual([]);
  });
});
