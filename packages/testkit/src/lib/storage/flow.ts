import { setImmediate as nextTurn } from "node:timers/promises";
import { expect } from "vitest";
import { heldBytes } from "../garbage.ts";
import { bytesOf, read } from "../helpers.ts";
import { expectFailure, expectObject, type StorageHarness } from "./harness.ts";

const MIB = 1024 * 1024;
/** What a read may hold ahead of its reader. */
const AHEAD = 24 * MIB;

/** That bytes flow at the pace of the slower side, and that whoever stops early gives everything back. */
export function flow({ test, options, scaled }: StorageHarness): void {
  const large = scaled(96, 48) * MIB;

  test("a call does nothing before its first pull", async ({ storage }) => {
    const reading = storage.get("a");
    const listing = storage.list("");
    await storage.put("a", bytesOf(10));
    expect((await read(reading)).length).toBe(10);
    for await (const { key } of listing) expect(key).toBe("a");
    void storage.get("absent");
  });

  test("a reader that is slow is not flooded", async ({ storage }) => {
    const piece = bytesOf(MIB);
    async function* body() {
      for (let sent = 0; sent < large; sent += MIB) yield piece;
    }
    await storage.put("a", body());
    const before = heldBytes();
    const reading = storage.get("a")[Symbol.asyncIterator]();
    await reading.next();
    for (let turn = 0; turn < 200; turn += 1) await nextTurn();
    expect(heldBytes() - before).toBeLessThan(AHEAD);
    await reading.return?.();
  });

  test("a put holds no more of its body than it may", async ({ storage }) => {
    const piece = bytesOf(MIB);
    const { putMemory } = options;
    const before = putMemory === undefined ? 0 : heldBytes();
    let most = 0;
    async function* body() {
      for (let sent = 0; sent < large; sent += MIB) {
        yield Uint8Array.from(piece);
        if (putMemory !== undefined && sent % (8 * MIB) === 0) most = Math.max(most, heldBytes() - before);
      }
    }
    expect((await storage.put("a", body())).size).toBe(large);
    if (putMemory !== undefined) expect(most).toBeLessThan(putMemory);
  });

  test("a body that comes slowly, or all at once, is pulled one piece at a time", async ({ storage }) => {
    const pieces = Array.from({ length: 12 }, (_, index) => bytesOf(100_000, index + 1));
    let pulls = 0;
    let at = 0;
    const body: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        async next() {
          pulls += 1;
          expect(pulls, "pulls at the same time").toBe(1);
          for (let turn = 0; turn < (at % 3) * 10; turn += 1) await nextTurn();
          pulls -= 1;
          const value = pieces[at];
          at += 1;
          return value === undefined ? { done: true, value: undefined } : { done: false, value };
        },
      }),
    };
    await storage.put("a", body);
    await expectObject(storage, "a", Buffer.concat(pieces));
  });

  test("reads of one object beside each other do not mix", async ({ storage }) => {
    const bytes = bytesOf(5 * MIB + 3);
    await storage.put("a", bytes);
    const starts = [0, 1, MIB, 2 * MIB + 1, 5 * MIB];
    const found = await Promise.all(starts.map((start) => read(storage.get("a", { range: { start } }))));
    for (const [index, start] of starts.entries()) expect(found[index]?.equals(bytes.subarray(start))).toBe(true);
  });

  test("reads that are left early, fail or end give back what they opened", async ({ storage, openHandles }) => {
    await storage.put("a", bytesOf(4 * MIB));
    await read(storage.get("a"));
    const before = await openHandles?.();
    for (let round = 0; round < 40; round += 1) {
      for await (const piece of storage.get("a")) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
      await expectFailure(read(storage.get("absent")), "NOT_FOUND", { operation: "storage.get", key: "absent" });
      await read(storage.get("a", { range: { start: round, end: round + 1 } }));
      const abort = new AbortController();
      const reading = storage.get("a", { signal: abort.signal })[Symbol.asyncIterator]();
      await reading.next();
      abort.abort(new Error("enough"));
      await expect(reading.next()).rejects.toThrow("enough");
    }
    const after = await openHandles?.();
    if (before !== undefined && after !== undefined) expect(after).toBeLessThanOrEqual(before);
    await expectObject(storage, "a", bytesOf(4 * MIB));
  });

  test("an object can be put from a read of another", async ({ storage }) => {
    const bytes = bytesOf(9 * MIB + 5);
    await storage.put("a", bytes);
    await storage.put("b", storage.get("a"));
    await storage.put("a", storage.get("b"));
    await expectObject(storage, "a", bytes);
  });
}
