import { setMaxListeners } from "node:events";
import { assertKey, interruptible, type ObjectInfo, resolveRange, type Storage } from "@lifeboat/contracts";
import type { Called, Fate } from "./fate.ts";
import type { Host } from "./host.ts";
import type { Dice } from "./random.ts";
import { failure, type Server } from "./server.ts";
import type { World } from "./world.ts";

/** What a host's view of a simulated storage is made of. */
export interface ClientParts {
  readonly world: World;
  readonly server: Server;
  readonly host: Host;
  /** The fate of the host's next call. */
  readonly fate: (call: Called) => Fate;
  readonly random: Dice;
  readonly page: number;
  readonly conditionalPut: boolean;
  /** Told of each call as it goes out. */
  readonly called?: (call: Called) => void;
}

/** A simulated storage as one host sees it: each call takes time, and has the fate that the seed draws. */
export function simulatedStorage({
  world,
  server,
  host,
  fate,
  random,
  page,
  conditionalPut,
  called,
}: ClientParts): Storage {
  /** `effect` happens at the storage, at one instant; `settle` there too, when it answers. */
  function call<T>(
    { operation, key }: Called,
    effect: (late: boolean) => T,
    { signal, settle }: { signal?: AbortSignal | undefined; settle?: (value: T) => T } = {},
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!host.isAlive) return; // what the dead do goes nowhere
      signal?.throwIfAborted();
      if (signal !== undefined) setMaxListeners(0, signal); // one serves a whole run: each call under way listens to it
      const drawn = fate({ operation, key });
      called?.({ operation, key });
      if (drawn.sleepBefore > 0) host.sleep(drawn.sleepBefore);
      const arrives = host.awake + drawn.there;
      const answers = arrives + drawn.back;
      const abort = () => reject(signal?.reason);
      signal?.addEventListener("abort", abort, { once: true });
      let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
      const happen = (what: string, late = false) => {
        world.note(() => `${host.name} ${operation} ${key}${what}`);
        try {
          return { value: effect(late) };
        } catch (error) {
          world.note(() => `  ${error instanceof Error ? error.message : String(error)}`);
          return { error };
        }
      };
      if (drawn.words !== "") world.note(() => `${host.name} ${operation} ${key} is to be: ${drawn.words}`);
      if (drawn.crash) {
        if (drawn.again > 0) world.at(world.now + drawn.again, () => happen(", of the dead", true));
        world.wakeAt(host.awake, () => host.crash());
        return;
      }
      if (drawn.outcome === "fine" || drawn.outcome === "lost") {
        world.at(arrives, () => {
          outcome = happen(drawn.outcome === "lost" ? ", unanswered" : "");
        });
      }
      if (drawn.again > 0)
        world.at(arrives + drawn.again, () => happen(drawn.outcome === "late" ? ", late" : ", again", true));
      if (settle !== undefined) {
        world.at(answers, () => {
          if (outcome !== undefined && "value" in outcome) outcome = { value: settle(outcome.value) };
        });
      }
      if (drawn.sleepAfter > 0) world.at(arrives, () => host.sleep(drawn.sleepAfter));
      host.deliver(answers, () => {
        signal?.removeEventListener("abort", abort);
        if (drawn.outcome !== "fine") reject(failure("UNREACHABLE", operation, key, drawn.words));
        else if (outcome === undefined) reject(new Error("A call was answered before it took effect."));
        else if ("error" in outcome) reject(outcome.error);
        else resolve(outcome.value);
      });
    });
  }

  /** Each key as of an instant of its own between the two. */
  function blur(before: readonly ObjectInfo[], after: readonly ObjectInfo[]): ObjectInfo[] {
    const later = new Map(after.map((each) => [each.key, each]));
    const shown: ObjectInfo[] = [];
    for (const each of before) {
      const now = later.get(each.key);
      later.delete(each.key);
      if (random.below(2) === 0) shown.push(each);
      else if (now !== undefined) shown.push(now);
    }
    for (const each of later.values()) if (random.below(2) === 0) shown.push(each);
    return shown.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  return {
    name: "simulated storage",
    capabilities: {
      conditionalPut,
      copy: false,
      space: false,
      maxKeyBytes: 1024,
      maxObjectBytes: Number.POSITIVE_INFINITY,
    },
    async put(key, body, { ifAbsent = false, signal } = {}) {
      assertKey(key, "storage.put");
      const pieces: Uint8Array[] = [];
      if (body instanceof Uint8Array) pieces.push(body);
      else for await (const piece of interruptible(body, signal)) pieces.push(new Uint8Array(piece));
      const bytes = new Uint8Array(Buffer.concat(pieces));
      // Without conditional puts it is looked up first, and somebody may come in between.
      if (ifAbsent && !conditionalPut) {
        const found = await call({ operation: "stat", key }, () => server.find(key), { signal });
        if (found !== null) throw failure("ALREADY_EXISTS", "put", key, "it is there already");
      }
      return call(
        { operation: "put", key },
        (late) => server.put(key, bytes, { ifAbsent: ifAbsent && conditionalPut, late, by: host.name }),
        { signal },
      );
    },
    async *get(key, { range, signal } = {}) {
      const { start, end } = resolveRange(range, "storage.get", key);
      const bytes = await call({ operation: "get", key }, () => server.read(key), { signal });
      const piece = bytes.slice(start, end);
      if (piece.length > 0) yield piece;
    },
    stat: (key, { signal } = {}) => call({ operation: "stat", key }, () => server.find(key), { signal }),
    async *list(prefix, { signal } = {}) {
      for (let after = ""; ; ) {
        const from = after;
        const found = await call({ operation: "list", key: prefix }, () => server.page(prefix, from), {
          signal,
          settle: (before) => blur(before, server.page(prefix, from)),
        });
        const shown = found.slice(0, page);
        yield* shown;
        if (found.length <= page) return;
        after = shown.at(-1)?.key ?? after;
      }
    },
    async delete(keys, { signal } = {}) {
      for (const key of keys) await call({ operation: "delete", key }, () => server.delete(key, host.name), { signal });
    },
    async [Symbol.asyncDispose]() {},
  };
}
