import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers/promises";
import { type Dice, dice } from "./random.ts";

/** Ends once every promise that could go on has gone on. */
export const turn: () => Promise<unknown> = timers.setImmediate.bind(null, undefined);

/**
 * Makes what code under test takes from outside come from the seed alone, until it is
 * disposed of: random bytes, and turns of the event loop, which become turns of the
 * promises' queue. So one turn is enough to let everything go as far as it can.
 */
export function holdStill(seed: number): Disposable {
  const random = dice(seed, "bytes");
  const kept = { ...pick(crypto, ["randomBytes", "randomUUID"]) };
  const { setImmediate } = timers;
  const { random: mathRandom } = Math;
  const own = Object.getOwnPropertyDescriptor(globalThis.crypto, "getRandomValues");
  const fill = <T extends ArrayBufferView | null>(view: T): T => {
    if (view !== null) fillBytes(random, new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    return view;
  };
  const bytes = (size: number) => fillBytes(random, Buffer.alloc(size));
  Object.assign(crypto, {
    randomBytes: bytes,
    randomUUID: () =>
      bytes(16)
        .toString("hex")
        .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5"),
  });
  Object.defineProperty(globalThis.crypto, "getRandomValues", { value: fill, configurable: true, writable: true });
  Object.assign(timers, { setImmediate: async (value?: unknown) => value });
  Math.random = () => random.below(1 << 30) / (1 << 30);
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]() {
      Object.assign(crypto, kept);
      Object.assign(timers, { setImmediate });
      Math.random = mathRandom;
      if (own === undefined) Reflect.deleteProperty(globalThis.crypto, "getRandomValues");
      else Object.defineProperty(globalThis.crypto, "getRandomValues", own);
      syncBuiltinESMExports();
    },
  };
}

function fillBytes<T extends Uint8Array>(random: Dice, bytes: T): T {
  for (let at = 0; at < bytes.length; at++) bytes[at] = random.below(256);
  return bytes;
}

function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;
}
