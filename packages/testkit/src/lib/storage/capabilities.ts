import { expect } from "vitest";
import { bytesOf } from "../helpers.ts";
import type { StorageHarness } from "./harness.ts";

/** That a storage declares what it has, and has what it declares. */
export function capabilities({ test }: StorageHarness): void {
  test("it has a name and plausible limits", async ({ storage }) => {
    const limits = storage.capabilities;
    expect(storage.name).not.toBe("");
    expect(limits.maxKeyBytes).toBeGreaterThanOrEqual(255);
    expect(limits.maxObjectBytes).toBeGreaterThanOrEqual(5 * 1024 ** 3 - 1);
    if (limits.maxSegmentBytes !== undefined) {
      expect(limits.maxSegmentBytes).toBeGreaterThanOrEqual(143); // eCryptfs, the narrowest in use
      expect(limits.maxSegmentBytes).toBeLessThanOrEqual(limits.maxKeyBytes);
    }
    if (limits.minPartBytes !== undefined) expect(limits.minPartBytes).toBeGreaterThan(0);
    if (limits.maxParts !== undefined) expect(limits.maxParts).toBeGreaterThanOrEqual(1000);
  });

  test("copy is there exactly if it is declared", async ({ storage }) => {
    expect(storage.copy !== undefined).toBe(storage.capabilities.copy !== false);
  });

  test("space is there exactly if it is declared, and the free room is part of the total", async ({ storage }) => {
    expect(storage.space !== undefined).toBe(storage.capabilities.space);
    const before = await storage.space?.();
    await storage.put("a", bytesOf(1000));
    for (const space of [before, await storage.space?.()]) {
      if (space === undefined) continue;
      expect(space.free).toBeGreaterThan(0);
      expect(space.total).toBeGreaterThanOrEqual(space.free);
    }
  });
}
