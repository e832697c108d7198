import { noopStorage } from "@lifeboat/storage-decorators";
import { expect, test } from "vitest";
import { codeOf, inPieces, keysOf, read } from "./helpers.ts";

test("it takes everything, tells its size, and keeps nothing", async () => {
  const storage = noopStorage();
  expect(await storage.put("a", inPieces("life", "boat"), { ifAbsent: true })).toMatchObject({ key: "a", size: 8 });
  expect(await storage.put("a", Buffer.from("again"), { ifAbsent: true })).toMatchObject({ size: 5 });
  expect(await storage.stat("a")).toBeNull();
  expect(await keysOf(storage)).toEqual([]);
  expect(await codeOf(read(storage.get("a")))).toBe("NOT_FOUND");
  await storage.delete(["a"]);
  expect([storage.name, noopStorage({ name: "dry run" }).name]).toEqual(["nowhere", "dry run"]);
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
