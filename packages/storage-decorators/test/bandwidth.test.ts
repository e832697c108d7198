import { withBandwidthLimit } from "@lifeboat/storage-decorators";
import { memoryStorage } from "@lifeboat/storage-memory";
import { bytesOf, read } from "@lifeboat/testkit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { failureOf, inPieces } from "./helpers.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** How many milliseconds of the virtual clock some work takes. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  let ended: number | null = null;
  const done = work().then(() => {
    ended = performance.now();
  });
  while (ended === null) await vi.advanceTimersByTimeAsync(1);
  await done;
  return ended - began;
}

test("an upload and a download take as long as their bytes at their rates", async () => {
  const storage = withBandwidthLimit(memoryStorage(), { upload: 100_000, download: 1_000_000 });
  const bytes = bytesOf(500_000);
  const up = await timeOf(() => storage.put("a", bytes));
  expect(up).toBeGreaterThanOrEqual(4900);
  expect(up).toBeLessThan(5300);
  const down = await timeOf(async () => expect((await read(storage.get("a"))).equals(bytes)).toBe(true));
  expect(down).toBeGreaterThanOrEqual(400);
  expect(down).toBeLessThan(700);
});

test("streams beside each other share one limit", async () => {
  const inner = memoryStorage();
  const storage = withBandwidthLimit(inner, { upload: 100_000 });
  const took = await timeOf(() =>
    Promise.all([1, 2, 3, 4].map((n) => storage.put(`a/${n}`, inPieces(bytesOf(30_000, n), bytesOf(20_000, n))))),
  );
  expect(took).toBeGreaterThanOrEqual(1900);
  expect(took).toBeLessThan(2200);
  expect((await inner.stat("a/3"))?.size).toBe(50_000);
});

test("many small objects are limited like one large one", async () => {
  const storage = withBandwidthLimit(memoryStorage(), { upload: 10_000 });
  const took = await timeOf(async () => {
    for (let n = 0; n < 50; n += 1) await storage.put(`a/${n}`, bytesOf(100));
  });
  expect(took).toBeGreaterThanOrEqual(400);
  expect(took).toBeLessThan(600);
});

test("no more than a tenth of a second is saved up while nothing is sent", async () => {
  const storage = withBandwidthLimit(memoryStorage(), { upload: 100_000 });
  await timeOf(() => storage.put("a", bytesOf(1000)));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await timeOf(() => storage.put("a", bytesOf(5000)))).toBeLessThan(5);
  expect(await timeOf(() => storage.put("b", bytesOf(100_000)))).toBeGreaterThanOrEqual(900);
});

test("an abort ends the wait, and what was not sent is not charged", async () => {
  const storage = withBandwidthLimit(memoryStorage(), { upload: 1000 });
  const abort = new AbortController();
  const reason = new Error("enough");
  const failure = failureOf(storage.put("a", bytesOf(1000), { signal: abort.signal }));
  await vi.advanceTimersByTimeAsync(10);
  abort.abort(reason);
  expect(await failure).toBe(reason);
  expect(await timeOf(() => storage.put("b", bytesOf(100)))).toBeLessThan(250);
});

test("a rate below one byte per second is refused, and none is no limit", async () => {
  expect(() => withBandwidthLimit(memoryStorage(), { download: 0 })).toThrow("download of withBandwidthLimit");
  const storage = withBandwidthLimit(memoryStorage(), {});
  expect(await timeOf(() => storage.put("a", bytesOf(1_000_000)))).toBeLessThan(5);
});
