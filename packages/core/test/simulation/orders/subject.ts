import type { SimulationSubject } from "@lifeboat/testkit";
import type { Order } from "./orders.ts";
import { reordered } from "./reordered.ts";

/** The same subject in weather that aims at an order. */
export function aimedAt(subject: SimulationSubject, { aims, givesUp = false }: Order): SimulationSubject {
  return { ...subject, climate: { ...subject.climate, focus: aims, wildClocks: givesUp } };
}

/** The same, with the order turned around. */
export function turnedAround(subject: SimulationSubject, order: Order): SimulationSubject {
  return {
    ...aimedAt(subject, order),
    name: `${subject.name}, the other way around: ${order.name}`,
    open: (host) => subject.open({ ...host, storage: reordered(host.storage, order) }),
  };
}
