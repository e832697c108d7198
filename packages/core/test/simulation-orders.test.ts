import { simulate } from "@lifeboat/testkit";
import { describe, expect, it } from "vitest";
import { broken } from "./simulation/broken.ts";
import { dedupSubject } from "./simulation/dedup-subject.ts";
import { FINDINGS } from "./simulation/orders/findings.ts";
import { ORDERS } from "./simulation/orders/orders.ts";
import { aimedAt, turnedAround } from "./simulation/orders/subject.ts";

function orderOf(name: string) {
  const found = ORDERS.find((order) => order.name.startsWith(name));
  return found ?? expect.fail(`There is no order ${name}.`);
}

describe("the simulation finds it where an order of the protocol is turned around", () => {
  it.each(FINDINGS)("$order, seed $seed, breaks '$promise'", async ({ order, seed, promise }) => {
    const { violation } = await simulate(turnedAround(dedupSubject, orderOf(order)), seed);
    expect(violation).toMatchObject({ promise });
  });

  it.each(FINDINGS)("and the right order keeps all promises: $order, seed $seed", async ({ order, seed }) => {
    expect((await simulate(aimedAt(dedupSubject, orderOf(order)), seed)).violation).toBeUndefined();
  });

  it("and where nobody is fenced before others go on without him", async () => {
    expect((await simulate(broken(dedupSubject, "fences"), 31)).violation).toMatchObject({ promise: "whole" });
  });
});
