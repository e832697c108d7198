import { systemClock } from "@lifeboat/contracts";
import { describe, expect, it } from "vitest";
import type { Deliverer, Notification } from "../../src/index.ts";
import { createDeliveries } from "../../src/lib/notify/deliveries.ts";
import { createPatience } from "../../src/lib/notify/patience.ts";
import { manualClock, settle } from "../manual-clock.ts";
import { gate } from "../support.ts";

const notification = (id: string) => ({ id, type: "stale", site: "local", text: id }) as unknown as Notification;

function deliveries(to: readonly Deliverer[]) {
  const clock = manualClock();
  const patience = createPatience(clock);
  const failures: string[] = [];
  const made = createDeliveries(to, patience.context, ({ id }, error) => failures.push(`${id}: ${String(error)}`));
  const [deliver, idle] = [(each: Notification) => made.deliver(each), () => made.idle()];
  return { deliver, idle, failures, clock, patience };
}

describe("Notifications", () => {
  it("reach each deliverer one at a time, in their order, whatever the others do", async () => {
    const told: string[] = [];
    const { opened, open } = gate();
    const { deliver, idle, failures } = deliveries([
      async ({ id }) => {
        await opened;
        told.push(`slow ${id}`);
      },
      ({ id }) => {
        told.push(`quick ${id}`);
        if (id === "a") throw new Error("not this one");
      },
    ]);
    const [a, b] = [deliver(notification("a")), deliver(notification("b"))];
    expect(await b).toBe(true);
    expect(told).toEqual(["quick a", "quick b"]);
    expect(failures).toEqual(["a: Error: not this one"]);
    open();
    expect(await a).toBe(true);
    await idle();
    expect(told).toEqual(["quick a", "quick b", "slow a", "slow b"]);
  });

  it("are known not to have reached anybody", async () => {
    const fail: Deliverer = async () => {
      throw new Error("no");
    };
    const { deliver } = deliveries([fail, fail]);
    expect(await deliver(notification("a"))).toBe(false);
  });

  it("wait in a line that does not grow for ever", async () => {
    const { opened, open } = gate();
    const told: string[] = [];
    const { deliver, failures, idle } = deliveries([
      async ({ id }) => {
        await opened;
        told.push(id);
      },
    ]);
    const outcomes = Array.from({ length: 150 }, (_, n) => deliver(notification(String(n))));
    open();
    await idle();
    expect(told).toHaveLength(101);
    expect(told.slice(-2)).toEqual(["148", "149"]);
    expect(failures[0]).toBe("1: Error: More than 100 notifications are waiting to be delivered.");
    expect((await Promise.all(outcomes)).filter((brought) => !brought)).toHaveLength(49);
  });

  it("that wait for another attempt end when the engine closes, and those under way have five seconds", async () => {
    const { deliver, clock, patience, failures } = deliveries([
      async (_, { pause }) => pause(3_600_000),
      () => new Promise(() => {}),
    ]);
    const delivered = deliver(notification("a"));
    const closing = patience.close(delivered, 5000);
    await settle();
    expect(failures).toEqual(["a: AbortError: The engine is closing."]);
    clock.advance(5000);
    await closing;
    expect(await delivered).toBe(false);
    expect(await deliver(notification("b"))).toBe(false);
  });

  it("wait without keeping the process alive", async () => {
    const { context } = createPatience({
      ...systemClock,
      sleep: () => Promise.reject(new Error("It would keep the process alive.")),
    });
    await context.pause(1);
  });
});
