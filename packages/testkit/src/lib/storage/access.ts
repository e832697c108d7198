import { expect } from "vitest";
import { bytesOf, inPieces } from "../helpers.ts";
import { expectFailure, expectObject, keysOf, type StorageHarness } from "./harness.ts";

/** That what a storage's declared access forbids is refused, and what it allows works. */
export function access({ test }: StorageHarness): void {
  test("it creates, or refuses to, as its access says", async ({ direct, storage }) => {
    const { access: declared } = direct.capabilities;
    for (const [index, ifAbsent] of [false, true].entries()) {
      const key = `a/${index}`;
      let pulled = false;
      async function* body() {
        pulled = true;
        yield bytesOf(10);
      }
      const put = direct.put(key, body(), { ifAbsent });
      if (declared === "read-only") {
        await expectFailure(put, "PERMISSION_DENIED", { operation: "storage.put", key });
        expect(pulled).toBe(false);
      } else {
        await put;
        await expectObject(direct, key, bytesOf(10));
      }
    }
    expect(await keysOf(storage)).toEqual(declared === "read-only" ? [] : ["a/0", "a/1"]);
  });

  test("it replaces and deletes, or refuses to, as its access says", async ({ direct, storage }) => {
    await storage.put("a", bytesOf(10));
    if (direct.capabilities.access === undefined) {
      await direct.put("a", bytesOf(20));
      await direct.delete(["a"]);
      expect(await keysOf(storage)).toEqual([]);
      return;
    }
    for (const body of [bytesOf(20), inPieces(bytesOf(20), 5)]) {
      await expectFailure(direct.put("a", body), "PERMISSION_DENIED", { operation: "storage.put", key: "a" });
    }
    await expectFailure(direct.delete(["a"]), "PERMISSION_DENIED", { operation: "storage.delete", key: "a" });
    if (direct.copy !== undefined) {
      await storage.put("b", bytesOf(30));
      const copy = direct.copy("b", "a");
      await expectFailure(copy, "PERMISSION_DENIED", { operation: "storage.copy", key: "a" });
    }
    await expectObject(direct, "a", bytesOf(10));
  });
}
