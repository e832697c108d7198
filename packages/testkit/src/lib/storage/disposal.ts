import { all, bytesOf, read } from "../helpers.ts";
import { expectFailure, type StorageHarness } from "./harness.ts";

/** That a storage that was disposed of says so. */
export function disposal({ test }: StorageHarness): void {
  test("after disposal every call is refused", async ({ storage }) => {
    await storage.put("a", bytesOf(10));
    await storage[Symbol.asyncDispose]();
    await expectFailure(storage.put("a", bytesOf(1)), "INVALID", { operation: "storage.put" });
    await expectFailure(read(storage.get("a")), "INVALID", { operation: "storage.get" });
    await expectFailure(storage.stat("a"), "INVALID", { operation: "storage.stat" });
    await expectFailure(all(storage.list("")), "INVALID", { operation: "storage.list" });
    await expectFailure(storage.delete(["a"]), "INVALID", { operation: "storage.delete" });
    if (storage.copy !== undefined) {
      await expectFailure(storage.copy("a", "b"), "INVALID", { operation: "storage.copy" });
    }
    if (storage.space !== undefined) await expectFailure(storage.space(), "INVALID", { operation: "storage.space" });
  });

  test("disposing of a storage twice, or of one that was never used, is fine", async ({ storage }) => {
    await storage[Symbol.asyncDispose]();
    await storage[Symbol.asyncDispose]();
  });
}
