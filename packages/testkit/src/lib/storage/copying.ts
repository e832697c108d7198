import type { Storage } from "@lifeboat/contracts";
import { expect } from "vitest";
import { bytesOf } from "../helpers.ts";
import { expectFailure, expectObject, keysOf, type StorageHarness, type StorageTest } from "./harness.ts";

/** That a copy is an object of its own. */
export function copying({ test }: StorageHarness): void {
  const copyTest = withCopy(test);

  copyTest("a copy has the same bytes, wherever it goes", async (storage, copy) => {
    const bytes = bytesOf(6 * 1024 * 1024 + 3);
    await storage.put("a", bytes);
    await storage.put("empty", new Uint8Array());
    await copy("a", "folder/of/copies/b");
    await copy("empty", "e");
    await expectObject(storage, "folder/of/copies/b", bytes);
    await expectObject(storage, "e", new Uint8Array());
    expect(await keysOf(storage)).toEqual(["a", "e", "empty", "folder/of/copies/b"]);
  });

  copyTest("a copy replaces what was at its key", async (storage, copy) => {
    await storage.put("a", bytesOf(10));
    await storage.put("b", bytesOf(20));
    await copy("a", "b");
    await copy("a", "b");
    await expectObject(storage, "b", bytesOf(10));
    await expectObject(storage, "a", bytesOf(10));
  });

  copyTest("replacing or deleting one of the two leaves the other", async (storage, copy) => {
    await storage.put("a", bytesOf(10));
    await copy("a", "b");
    await storage.put("a", bytesOf(20, 2));
    await expectObject(storage, "b", bytesOf(10));
    await copy("b", "c");
    await storage.delete(["b"]);
    await expectObject(storage, "c", bytesOf(10));
  });

  copyTest("a copy onto itself changes nothing", async (storage, copy) => {
    await storage.put("a", bytesOf(10));
    await copy("a", "a");
    await expectObject(storage, "a", bytesOf(10));
    expect(await keysOf(storage)).toEqual(["a"]);
  });

  copyTest("copying what is not there says so, and leaves the target", async (storage, copy) => {
    await storage.put("b", bytesOf(10));
    await expectFailure(copy("absent", "b"), "NOT_FOUND", { operation: "storage.copy", key: "absent" });
    await expectFailure(copy("absent/too", "c"), "NOT_FOUND", { operation: "storage.copy", key: "absent/too" });
    await expectObject(storage, "b", bytesOf(10));
    expect(await keysOf(storage)).toEqual(["b"]);
  });
}

type CopyTest = (
  name: string,
  body: (storage: Storage, copy: (from: string, to: string) => Promise<void>) => Promise<void>,
) => void;

/** Where a storage declares that it cannot copy, the test is that it has no such method. */
function withCopy(test: StorageTest): CopyTest {
  return (name, body) =>
    test(name, async ({ storage }) => {
      if (storage.capabilities.copy === false) expect(storage.copy === undefined).toBe(true);
      else await body(storage, async (from, to) => await storage.copy?.(from, to));
    });
}
