import { appendOnly, MUTABLE_IN_A_SITE, readOnly, withPrefix } from "@lifeboat/storage-decorators";
import { memoryStorage } from "@lifeboat/storage-memory";
import { read } from "@lifeboat/testkit";
import { expect, test } from "vitest";
import { codeOf, failureOf, inPieces, keysOf } from "./helpers.ts";

const bytes = Buffer.from("lifeboat");

test("a read-only storage says what it refused and what to do, and copies nothing", async () => {
  const inner = memoryStorage();
  await inner.put("a", bytes);
  const storage = readOnly(inner);
  expect(await failureOf(storage.delete(["a"]))).toMatchObject({
    code: "PERMISSION_DENIED",
    key: "a",
    retryable: false,
    hint: expect.stringContaining("readOnly()"),
  });
  expect(storage.copy === undefined).toBe(true);
  expect(storage.capabilities).toMatchObject({ copy: false, access: "read-only" });
  await storage.delete([]);
  expect((await read(storage.get("a"))).equals(bytes)).toBe(true);
});

test("a backup can be made in an append-only site, and no other object is replaced or deleted", async () => {
  const inner = memoryStorage();
  const storage = appendOnly(inner);
  for (const key of [
    "lifeboat.json",
    "lifeboat.copy.json",
    "backups/x/labels.json",
    "backups/x/verified.json",
    "locks/x.json",
    "locks/a/b",
    "notices/x.json",
  ]) {
    await storage.put(key, bytes);
    await storage.put(key, bytes);
    await storage.delete([key]);
  }
  for (const key of ["backups/x/manifest.json", "backups/x/media.tar.zst", "locks", "backups/x/y/labels.json"]) {
    await storage.put(key, inPieces("first"));
    expect(await codeOf(storage.put(key, bytes))).toBe("PERMISSION_DENIED");
    expect(await codeOf(storage.put(key, bytes, { ifAbsent: true }))).toBe("ALREADY_EXISTS");
    expect(await codeOf(storage.delete([key]))).toBe("PERMISSION_DENIED");
    expect((await read(storage.get(key))).toString()).toBe("first");
  }
  expect((await keysOf(inner)).length).toBe(4);
});

test("a batch with one object that may not be deleted deletes nothing", async () => {
  const inner = memoryStorage();
  const storage = appendOnly(inner);
  await inner.put("locks/a", bytes);
  await inner.put("backups/a", bytes);
  expect(await failureOf(storage.delete(["locks/a", "backups/a"]))).toMatchObject({ key: "backups/a" });
  expect((await keysOf(inner)).length).toBe(2);
});

test("an append-only storage copies to free keys alone", async () => {
  const inner = memoryStorage();
  const storage = appendOnly(inner);
  await inner.put("a", bytes);
  await storage.copy?.("a", "b");
  expect(await codeOf(storage.copy!("a", "b"))).toBe("PERMISSION_DENIED");
  expect(await keysOf(inner)).toEqual(["a", "b"]);
});

test("what stays read-only inside is not declared append-only", () => {
  expect(appendOnly(readOnly(memoryStorage())).capabilities.access).toBe("read-only");
  expect(readOnly(appendOnly(memoryStorage())).capabilities.access).toBe("read-only");
  expect(MUTABLE_IN_A_SITE.length).toBe(6);
});

test("a refusal of the body's own making is not taken for the storage's", async () => {
  const other = memoryStorage();
  await other.put("a", bytes);
  const storage = appendOnly(memoryStorage());
  const error = await failureOf(other.put("a", bytes, { ifAbsent: true }));
  async function* body() {
    yield bytes;
    throw error;
  }
  expect(await failureOf(storage.put("b", body()))).toBe(error);
});

test("a prefix hides everything outside it, and errors name the key as the caller knows it", async () => {
  const inner = memoryStorage();
  await inner.put("apps/nvr2/x", bytes);
  await inner.put("outside", bytes);
  const storage = withPrefix(inner, "apps/nvr/");
  await storage.put("a/b", bytes);
  expect(await keysOf(inner)).toEqual(["apps/nvr/a/b", "apps/nvr2/x", "outside"]);
  expect(await keysOf(storage)).toEqual(["a/b"]);
  const error = await failureOf(read(storage.get("absent")));
  expect(error).toMatchObject({
    code: "NOT_FOUND",
    key: "absent",
    message: expect.stringContaining("apps/nvr/absent"),
  });
  expect(storage.capabilities.maxKeyBytes).toBe(1024 - "apps/nvr/".length);
  expect(await codeOf(storage.stat("../nvr2/x"))).toBe("INVALID");
  expect(() => withPrefix(inner, "../up")).toThrow("'..' segment");
  expect(() => withPrefix(inner, "")).toThrow("empty");
});

test("an error of the body passes a prefix as it is, also one that names such a key", async () => {
  const inner = memoryStorage();
  const storage = withPrefix(inner, "a");
  const error = await failureOf(storage.put("b", inner.get("a/absent")));
  expect(error).toMatchObject({ code: "NOT_FOUND", key: "a/absent" });
});
