import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../src/index.ts";

describe("the system's clock", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  it("tells the time of the machine, and time gone by", async () => {
    const [now, monotonic] = [systemClock.now(), systemClock.monotonic()];
    await vi.advanceTimersByTimeAsync(1500);
    expect(systemClock.now() - now).toBe(1500);
    expect(systemClock.monotonic() - monotonic).toBeCloseTo(1500);
  });

  it("sleeps as long as it is told", async () => {
    let awake = false;
    const asleep = systemClock.sleep(1000).then(() => {
      awake = true;
    });
    await vi.advanceTimersByTimeAsync(999);
    expect(awake).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await asleep;
  });

  it("is woken by an abort, with its reason, and leaves no timer behind", async () => {
    const abort = new AbortController();
    const asleep = systemClock.sleep(1000, { signal: abort.signal });
    abort.abort("enough");
    await expect(asleep).rejects.toBe("enough");
    await expect(systemClock.sleep(1000, { signal: abort.signal })).rejects.toBe("enough");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("calls back once, unless that is taken back before", async () => {
    let calls = 0;
    systemClock.after(1000, () => calls++);
    systemClock.after(1000, () => calls++)[Symbol.dispose]();
    await vi.advanceTimersByTimeAsync(5000);
    expect(calls).toBe(1);
  });

  it("waits for more days than the system's timers count", async () => {
    const day = 86_400_000;
    const log: string[] = [];
    systemClock.after(60 * day, () => log.push("after"));
    const taken = systemClock.after(60 * day, () => log.push("taken back"));
    void systemClock.sleep(60 * day).then(() => log.push("slept"));
    await vi.advanceTimersByTimeAsync(60 * day - 1);
    expect(log).toEqual([]);
    taken[Symbol.dispose]();
    await vi.advanceTimersByTimeAsync(1);
    expect(log).toEqual(["after", "slept"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
