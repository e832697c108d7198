import type { Storage } from "@lifeboat/contracts";
import { asBody, spoil } from "./bodies.ts";
import { type CallName, FaultLine, type RecordedCall } from "./line.ts";
import type { PlannedFault } from "./plan.ts";

/** Options of {@link faultyStorage}. */
export interface FaultyStorageOptions {
  /** What goes wrong, and at which calls. Default: nothing; the calls are only recorded. */
  readonly plan?: readonly PlannedFault[];
  /** Whether each piece of a body and each item of a listing counts as a call too. Default: `false`. */
  readonly pieces?: boolean;
}

/** A storage in which planned things go wrong. */
export interface FaultyStorage extends Storage {
  /** Every call so far, in order: run once without faults to learn how many there are. */
  readonly calls: readonly RecordedCall[];
  readonly plan: readonly PlannedFault[];
  /** Whether a `crash` has struck. What the other side has then, the inner storage shows. */
  readonly crashed: boolean;
}

/**
 * A storage that fails as planned: at the n-th call, before or after it took
 * effect; with a delay, or never answering; with bytes cut off or turned over; or for good, as if the
 * process had died. Deterministic: the same calls and plan, the same faults. The
 * plan is part of every injected error's message. Disposing leaves `inner` open.
 */
export function faultyStorage(inner: Storage, options: FaultyStorageOptions = {}): FaultyStorage {
  const { plan = [], pieces = false } = options;
  const line = new FaultLine(plan);

  async function call<T>(
    name: CallName,
    key: string | undefined,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ) {
    const fault = await line.enter(name, key, signal);
    const result = await work();
    await line.leave(name, key, fault, signal);
    return result;
  }

  /** The items of a body or a listing, each a call of its own where they count. */
  async function* steps<T>(name: CallName, key: string, items: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const item of items) {
      if (pieces) await line.enter(name, key);
      else line.assertAlive(name, key);
      yield item;
    }
  }

  const copy = inner.copy?.bind(inner);
  const space = inner.space?.bind(inner);
  return {
    name: `${inner.name} (faulty)`,
    get capabilities() {
      return inner.capabilities; // asked each time: a storage may learn them as it goes
    },
    plan,
    calls: line.calls,
    get crashed() {
      return line.crashed;
    },
    async put(key, body, o = {}) {
      const fault = await line.enter("put", key, o.signal);
      const plain = !pieces && body instanceof Uint8Array && fault === undefined;
      const items = body instanceof Uint8Array ? asBody(body) : body;
      const info = await inner.put(key, plain ? body : spoil(steps("put.piece", key, items), fault), o);
      await line.leave("put", key, fault, o.signal);
      return info;
    },
    async *get(key, o = {}) {
      const fault = await line.enter("get", key, o.signal);
      yield* spoil(steps("get.piece", key, inner.get(key, o)), fault);
      await line.leave("get", key, fault, o.signal);
    },
    stat: (key, o = {}) => call("stat", key, o.signal, () => inner.stat(key, o)),
    async *list(prefix, o = {}) {
      const fault = await line.enter("list", prefix, o.signal);
      yield* steps("list.item", prefix, inner.list(prefix, o));
      await line.leave("list", prefix, fault, o.signal);
    },
    delete: (keys, o = {}) => call("delete", keys[0], o.signal, () => inner.delete(keys, o)),
    ...(copy === undefined
      ? {}
      : { copy: (from, to, o = {}) => call("copy", from, o.signal, () => copy(from, to, o)) }),
    ...(space === undefined ? {} : { space: (o = {}) => call("space", undefined, o.signal, () => space(o)) }),
    async [Symbol.asyncDispose]() {
      // Whoever made the inner storage disposes of it: after a crash a test looks into it.
    },
  };
}
