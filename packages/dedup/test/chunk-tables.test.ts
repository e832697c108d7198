import { createHash, randomFillSync } from "node:crypto";
import { createThreads } from "@lifeboat/threads";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AttachedTables, ChunkTables } from "../src/lib/index/chunk-tables.ts";
import { type ClaimTask, startClaims } from "./claims/claims.handler.ts";
import code from "./claims/claims.worker.ts?worker-code";

const idOf = (n: number) => createHash("sha256").update(String(n)).digest();

describe("the index in memory", () => {
  it("agrees with a map, whatever is asked of it in whatever order", () => {
    const step = fc.record({ id: fc.nat(20), op: fc.constantFrom("claim", "settle", "release", "ask"), at: fc.nat(9) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const tables = new ChunkTables();
        const model = new Map<number, number | "claimed">();
        for (const { id, op, at } of steps) {
          const bytes = Buffer.concat([Buffer.alloc(5), idOf(id)]);
          const known = model.get(id);
          if (op === "claim") {
            expect(tables.claim(bytes, 5)).toBe(known === undefined);
            if (known === undefined) model.set(id, "claimed");
          } else if (op === "settle") {
            tables.settle(bytes, 5, { frame: at, offset: at * 2, length: at + 1 });
            model.set(id, at);
          } else if (op === "release") {
            tables.release(bytes, 5);
            if (known === "claimed") model.delete(id);
          }
          const now = model.get(id);
          expect(tables.has(bytes, 5)).toBe(now !== undefined);
          const spot = typeof now === "number" ? { frame: now, offset: now * 2, length: now + 1 } : undefined;
          expect(tables.find(bytes, 5)).toEqual(spot);
        }
      }),
    );
  });

  it("keeps a million chunks in under 64 bytes each, and never stands still for long as it grows", () => {
    const count = 1_000_000;
    const ids = randomFillSync(new Uint8Array(count * 32));
    const tables = new ChunkTables();
    let longest = 0;
    for (let n = 0; n < count; n += 1000) {
      const before = process.cpuUsage();
      for (let i = n; i < n + 1000; i++) tables.settle(ids, i * 32, { frame: i >>> 4, offset: i & 15, length: i });
      const { user, system } = process.cpuUsage(before);
      longest = Math.max(longest, (user + system) / 1000);
    }
    expect(tables.size).toBe(count);
    expect(tables.bytes / count).toBeLessThan(64);
    expect(longest).toBeLessThan(500); // some 10 ms, of the processor: other programs may be in the way
    const numbers = new Uint8Array(tables.numbers);
    for (let i = 0; i < count; i++) {
      const spot = tables.find(ids, i * 32);
      if (spot?.length !== i || spot.frame !== i >>> 4 || spot.offset !== (i & 15)) expect(spot).toEqual(i);
      const number = tables.number(ids, i * 32);
      if (number < 0 || numbers[number] === 1) expect(number).toBe("a number of its own");
      numbers[number] = 1;
    }
    const strangers = randomFillSync(new Uint8Array(32 * 1000));
    for (let i = 0; i < 1000; i++) expect(tables.has(strangers, i * 32)).toBe(false);
  });

  it("gives each chunk to exactly one of several threads that claim at once", async () => {
    const size = 2;
    const count = 60_000;
    const ids = randomFillSync(new Uint8Array(count * 32));
    // On a busy machine one thread may be done before the other has its turn: that shows nothing.
    for (let round = 0, beside = false; !beside; round += 1) {
      expect(round).toBeLessThan(100);
      await using threads = createThreads<null, ClaimTask, Uint8Array>({
        code,
        inline: startClaims,
        data: null,
        size,
        name: "claims",
      });
      const tables = new ChunkTables();
      for (let n = 0; n < 1000; n++) tables.settle(ids, n * 32, { frame: 1, offset: 0, length: 1 });
      const start = new Int32Array(new SharedArrayBuffer(4));
      const task = { shared: tables.share(), ids, start, threads: size };
      const answers = await Promise.all(Array.from({ length: size }, () => threads.run(task)));
      for (let n = 0; n < count; n++) {
        const told = answers.reduce((sum, claimed) => sum + (claimed[n] ?? 0), 0);
        if (told !== (n < 1000 ? 0 : 1)) expect(told, `chunk ${n}`).toBe(n < 1000 ? 0 : 1);
      }
      for (let n = 0; n < count; n++) if (!tables.has(ids, n * 32)) expect(n).toBe("known");
      beside = answers.every((claimed) => claimed.includes(1));
    }
  });

  it("begins small, and keeps every chunk and its number as it grows, by itself or to be shared", () => {
    const count = 40_000;
    const ids = randomFillSync(new Uint8Array(count * 32));
    const tables = new ChunkTables();
    expect(tables.bytes).toBeLessThan(5000);
    const numbers = new Map<number, number>();
    for (let n = 0; n < count; n++) {
      tables.settle(ids, n * 32, { frame: n, offset: 0, length: 1 });
      numbers.set(n, tables.number(ids, n * 32));
      expect(numbers.get(n)).toBeLessThan(tables.numbers);
    }
    const worker = new AttachedTables().attach(tables.share());
    for (let n = 0; n < count; n++) {
      if (worker.claim(ids, n * 32)) expect(n).toBe("known to the thread");
      if (tables.find(ids, n * 32)?.frame !== n) expect(n).toBe("found");
      if (tables.number(ids, n * 32) !== numbers.get(n)) expect(n).toBe("of the same number");
    }
    expect(Array.from(tables.entries(), ({ number }) => number).length).toBe(count);
  });

  it("keeps what threads have claimed when it is split, and never refuses them", () => {
    const tables = new ChunkTables();
    const worker = new AttachedTables().attach(tables.share());
    const count = 130_000; // more than a table holds
    const ids = randomFillSync(new Uint8Array(count * 32));
    for (let n = 0; n < count; n++) expect(worker.claim(ids, n * 32)).toBe(true);
    tables.grow();
    worker.attach(tables.share());
    let again = 0;
    for (let n = 0; n < count; n++) if (worker.claim(ids, n * 32)) again += 1;
    expect(again).toBe(count - 118_000); // those that there was no room for
    for (let n = 0; n < count; n++) tables.settle(ids, n * 32, { frame: n, offset: 0, length: 1 });
    for (let n = 0; n < count; n++) if (tables.find(ids, n * 32)?.frame !== n) expect(n).toBe("found");
  });
});
