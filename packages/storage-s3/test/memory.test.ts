import { describe, expect, it } from "vitest";
import { transferMemory } from "../src/lib/memory.ts";

describe("the memory of transfers", () => {
  it("is one stretch, and what was given back is taken again", () => {
    const memory = transferMemory(100);
    const [a, b, c] = [memory.take(40), memory.take(20), memory.take(40)];
    expect(new Set([a.buffer, b.buffer, c.buffer]).size).toBe(1);
    expect([a, b, c].map(({ byteOffset }) => byteOffset)).toEqual([0, 40, 60]);
    memory.give(b);
    const small = memory.take(15);
    expect(small.byteOffset).toBe(40);
    expect(small.length).toBe(15);
    memory.give(a);
    memory.give(c);
    memory.give(small);
    expect(memory.take(100).buffer).toBe(a.buffer);
  });

  it("takes back what was taken in pieces, in any order", () => {
    const memory = transferMemory(100);
    const whole = memory.take(80);
    memory.give(whole.subarray(20, 40));
    expect(memory.take(20).byteOffset).toBe(20);
    memory.give(whole.subarray(0, 20));
    memory.give(whole.subarray(60, 80));
    expect(memory.take(40).byteOffset).toBe(60);
    expect(memory.take(20).byteOffset).toBe(0);
  });

  it("never hands out bytes that somebody has", () => {
    const memory = transferMemory(1000);
    let held: Buffer[] = [];
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let n = 0; n < 5000; n += 1) {
      if (random(3) > 0) {
        const taken = memory.take(random(300)).fill(held.length + 1);
        held.push(taken);
      } else if (held.length > 0) {
        const [given] = held.splice(random(held.length), 1);
        memory.give(given!);
      }
      for (const [index, one] of held.entries()) one.fill(index);
      for (const [index, one] of held.entries()) expect(one.every((byte) => byte === index)).toBe(true);
      if (held.length > 20) {
        for (const one of held) memory.give(one);
        held = [];
      }
    }
  });

  it("gives bytes of their own where it has no room, and takes nothing back that is not its own", () => {
    const memory = transferMemory(100);
    const most = memory.take(90);
    const own = memory.take(20);
    expect(own.buffer).not.toBe(most.buffer);
    memory.give(own);
    memory.give(Buffer.alloc(5));
    expect(memory.take(10).byteOffset).toBe(90);
  });

  it("is not used again after a transfer failed", () => {
    const memory = transferMemory(100);
    const failed = memory.take(50);
    memory.abandon();
    const next = memory.take(50);
    expect(next.buffer).not.toBe(failed.buffer);
    memory.give(failed);
    expect(memory.take(50).byteOffset).toBe(50);
  });
});
