import { isLifeboatError } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { read } from "@lifeboat/testkit";
import { expect, test } from "vitest";

test("changing an array after it was put, or after it was read, changes nothing that is stored", async () => {
  const storage = memoryStorage();
  const bytes = Uint8Array.of(1, 2, 3);
  await storage.put("a", bytes);
  bytes[0] = 9;
  (await read(storage.get("a")))[1] = 9;
  for await (const piece of storage.get("a")) piece[2] = 9;
  expect([...(await read(storage.get("a")))]).toEqual([1, 2, 3]);
});

test("a listing shows what was there when it began", async () => {
  const storage = memoryStorage();
  await storage.put("a", Uint8Array.of(1));
  await storage.put("b", Uint8Array.of(1));
  const seen: string[] = [];
  for await (const { key } of storage.list("")) {
    seen.push(key);
    await storage.delete(["a", "b"]);
    await storage.put("c", Uint8Array.of(1));
  }
  expect(seen).toEqual(["a", "b"]);
});

test("two storages share nothing, and each has the name that it was given", async () => {
  const one = memoryStorage({ name: "one" });
  const two = memoryStorage();
  await one.put("a", Uint8Array.of(1));
  expect(await two.stat("a")).toBeNull();
  expect([one.name, two.name]).toEqual(["one", "memory"]);
});

test("what was stored is gone after disposal", async () => {
  const storage = memoryStorage();
  await storage.put("a", Uint8Array.of(1));
  await storage[Symbol.asyncDispose]();
  await expect(storage.stat("a")).rejects.toSatisfy((error) => isLifeboatError(error, "INVALID"));
});
