import { isLifeboatError } from "@lifeboat/contracts";
import { expect } from "vitest";
import { bytesOf, read } from "../helpers.ts";
import { expectFailure, expectObject, keysOf, type StorageHarness } from "./harness.ts";

const ODD_KEYS = [
  "with space/and another ",
  " leading",
  "percent%20%2F%",
  "plus+and&and=and?and#",
  "quote'\"`$(x)",
  "semi;colon:comma,",
  "<tag>|pipe*star[brackets]{braces}",
  "-dash/--double",
  "~tilde/!bang/@at/^caret",
  ".hidden/..double/...",
  "dot./dot",
  "Grüße/日本語/русский",
  "e\u0301 decomposed",
  "\u00e9 composed",
  "🛟/👩‍🚀.tar",
  "UPPER/lower",
  "upper-case-differs",
  "UPPER-CASE-DIFFERS",
  `long/${"x".repeat(255)}`,
  `long/${"é".repeat(127)}`,
  Array.from({ length: 30 }, (_, depth) => `deep${depth}`).join("/"),
];

const BAD_KEYS = [
  "",
  "/",
  "/absolute",
  "trailing/",
  "double//slash",
  ".",
  "..",
  "../outside",
  "a/../../outside",
  "a/./b",
  "a/..",
  "back\\slash",
  "nul\0",
  "new\nline",
  "delete\x7f",
  "lone\ud800surrogate",
];

/** That every valid key works as it is, and every other is refused before anything happens. */
export function keys({ test }: StorageHarness): void {
  test("odd keys are kept as they are, each apart from the others", async ({ storage }) => {
    for (const [index, key] of ODD_KEYS.entries()) await storage.put(key, bytesOf(10 + index, index + 1));
    expect(await keysOf(storage)).toEqual([...ODD_KEYS].sort());
    for (const [index, key] of ODD_KEYS.entries()) {
      await expectObject(storage, key, bytesOf(10 + index, index + 1));
      expect(await storage.stat(key)).toMatchObject({ key, size: 10 + index });
    }
    await storage.delete(ODD_KEYS);
    expect(await keysOf(storage)).toEqual([]);
  });

  test("a key of the greatest length works, a longer one is refused", async ({ storage }) => {
    const { maxKeyBytes } = storage.capabilities;
    const key = "0123456789/"
      .repeat(Math.ceil(maxKeyBytes / 11))
      .slice(0, maxKeyBytes)
      .replace(/\/$/, "x");
    await storage.put(key, bytesOf(5));
    await expectObject(storage, key, bytesOf(5));
    expect(await keysOf(storage)).toEqual([key]);
    await expectFailure(storage.put(`${key}x`, bytesOf(5)), "INVALID", { operation: "storage.put" });
  });

  test("a key that is the beginning of another's name is another key", async ({ storage }) => {
    for (const key of ["ab", "abc", "a", "abcd/e", "abcd/ef"]) await storage.put(key, Buffer.from(key));
    await storage.delete(["ab", "abcd/e"]);
    expect(await keysOf(storage)).toEqual(["a", "abc", "abcd/ef"]);
    expect((await read(storage.get("abc"))).toString()).toBe("abc");
    expect(await storage.stat("abcd")).toBeNull();
  });

  test("an object and others beneath its name live together, or the second is refused and nothing is lost", async ({
    storage,
  }) => {
    await storage.put("a", bytesOf(10));
    await storage.put("folder/b", bytesOf(20));
    const expected = ["a", "folder/b"];
    for (const key of ["a/b", "folder"]) {
      try {
        await storage.put(key, bytesOf(30));
        expected.push(key);
      } catch (error) {
        expect(isLifeboatError(error, "INVALID")).toBe(true);
        expect(error).toMatchObject({ operation: "storage.put", key });
        expect(await storage.stat(key)).toBeNull();
      }
    }
    await expectObject(storage, "a", bytesOf(10));
    await expectObject(storage, "folder/b", bytesOf(20));
    expect(await keysOf(storage)).toEqual(expected.sort());
  });

  test("keys that are none are refused by every operation, with the key in the error", async ({ storage }) => {
    await storage.put("a", bytesOf(1));
    for (const key of BAD_KEYS) {
      await expectFailure(storage.put(key, bytesOf(1)), "INVALID", { operation: "storage.put", key });
      await expectFailure(read(storage.get(key)), "INVALID", { operation: "storage.get", key });
      await expectFailure(storage.stat(key), "INVALID", { operation: "storage.stat", key });
      await expectFailure(storage.delete(["a", key]), "INVALID", { operation: "storage.delete", key });
      if (storage.copy === undefined) continue;
      await expectFailure(storage.copy(key, "b"), "INVALID", { operation: "storage.copy", key });
      await expectFailure(storage.copy("a", key), "INVALID", { operation: "storage.copy", key });
    }
    expect(await keysOf(storage)).toEqual(["a"]);
  });
}
