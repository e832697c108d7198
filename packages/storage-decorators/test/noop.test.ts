import { noopStorage } from "@lifeboat/storage-decorators";
import { read } from "@lifeboat/testkit";
import { expect, test } from "vitest";
import { codeOf, inPieces, keysOf } from "./helpers.ts";

test("it takes everything, tells its size, and keeps no content", async () => {
  const storage = noopStorage();
  expect(await storage.put("a", inPieces("life", "boat"), { ifAbsent: true })).toMatchObject({ key: "a", size: 8 });
  expect(await storage.put("a", Buffer.from("again"), { ifAbsent: true })).toMatchObject({ size: 5 });
  expect(await storage.stat("a")).toBeNull();
  expect(await keysOf(storage)).toEqual([]);
  expect(await codeOf(read(storage.get("a")))).toBe("NOT_FOUND");
  await storage.delete(["a"]);
  expect([storage.name, noopStorage({ name: "dry run" }).name]).toEqual(["nowhere", "dry run"]);
});

test("a site's documents are there as long as the storage is, so that a backup can run", async () => {
  const storage = noopStorage();
  await storage.put("lifeboat.json", inPieces("de", "scriptor"), { ifAbsent: true });
  await storage.put("locks/x.json", Buffer.from("lease"));
  await storage.put("backups/x/media.tar.zst", Buffer.from("content"));
  await storage.put("backups/x/manifest.json", Buffer.from("manifest"));
  expect(await codeOf(storage.put("lifeboat.json", inPieces("other"), { ifAbsent: true }))).toBe("ALREADY_EXISTS");
  expect((await read(storage.get("lifeboat.json", { range: { start: 2, end: 8 } }))).toString()).toBe("script");
  expect(await keysOf(storage)).toEqual(["backups/x/manifest.json", "lifeboat.json", "locks/x.json"]);
  expect(await codeOf(read(storage.get("backups/x/media.tar.zst")))).toBe("NOT_FOUND");
  await storage.delete(["locks/x.json"]);
  expect(await storage.stat("locks/x.json")).toBeNull();
  expect(await keysOf(noopStorage({ keep: [] }))).toEqual([]);
});

test("it refuses what every storage refuses", async () => {
  const storage = noopStorage();
  const error = new Error("the body broke");
  async function* broken() {
    yield Buffer.from("a");
    throw error;
  }
  await expect(storage.put("a", broken())).rejects.toBe(error);
  await expect(storage.put("a", inPieces(), { signal: AbortSignal.abort(error) })).rejects.toBe(error);
  for (const call of [storage.put("../a", inPieces()), storage.stat(""), storage.delete(["a//b"])]) {
    expect(await codeOf(call)).toBe("INVALID");
  }
  await storage[Symbol.asyncDispose]();
  const calls = [storage.put("a", inPieces()), read(storage.get("a")), keysOf(storage), storage.delete([])];
  for (const call of calls) expect(await codeOf(call)).toBe("INVALID");
});

test("an abort ends a put whose body stays silent", async () => {
  const abort = new AbortController();
  const reason = new Error("enough");
  async function* silent() {
    yield Buffer.from("a");
    setImmediate(() => abort.abort(reason));
    await new Promise(() => undefined);
  }
  await expect(noopStorage().put("a", silent(), { signal: abort.signal })).rejects.toBe(reason);
});
