import { type ObjectInfo, resolveRange, type Storage } from "@lifeboat/contracts";
import { afterCall, atCall, NO_RUN, type RunSeen, type StorageCall } from "./calls.ts";
import { hasContent, type Memory, remember } from "./memory.ts";

type When = (call: StorageCall, run: RunSeen) => boolean;

/** Reads that are made earlier than the engine makes them. */
export interface Earlier {
  /** What is read: prefixes of keys. */
  readonly reads: readonly string[];
  /** The call before which it is read. */
  readonly before: When;
  /** From this call on it is read as it should be. */
  readonly until?: When;
  /** Only so many listings are answered by what was read earlier. */
  readonly listings?: number;
  /** Which calls are answered by it. Default: all but those of who looks at a late backup. */
  readonly only?: When;
}

/** Writes that are made later than the engine makes them, which is told that they are done. */
export interface Later {
  readonly writes: When;
  /** They are made once this call is done; at the latest before the run gives back its lease. */
  readonly after: When;
}

/** A lease that is given back earlier than the engine gives it back. */
export interface Sooner {
  /** The call before which it is given back. */
  readonly releases: When;
}

/** Calls in another order than the engine makes them in. */
export interface Reversal {
  readonly sooner?: Sooner;
  readonly earlier?: readonly Earlier[];
  readonly later?: readonly Later[];
}

/** A host's storage that turns the order of calls around. */
export function reordered(storage: Storage, { sooner, earlier = [], later = [] }: Reversal): Storage {
  let run = NO_RUN;
  const memories = new Map<Earlier, { readonly memory: Memory; listings: number }>();
  let held: { readonly rule: Later; readonly perform: () => Promise<unknown> }[] = [];

  async function begin(call: StorageCall, body?: Uint8Array): Promise<void> {
    run = atCall(run, call, body);
    for (const rule of earlier) {
      if (rule.until?.(call, run) === true) memories.delete(rule);
      if (rule.before(call, run)) memories.set(rule, { memory: await remember(storage, rule.reads), listings: 0 });
    }
    if (sooner?.releases(call, run) === true) await storage.delete([`locks/${run.id}.json`]);
    if (call.operation === "delete" && call.key === `locks/${run.id}.json`)
      await release(({ after }) => !after(call, run));
  }

  async function end(call: StorageCall): Promise<void> {
    const ended = run;
    run = afterCall(run, call);
    await release(({ after }) => after(call, ended));
    if (run.id === "") memories.clear();
  }

  async function release(which: (rule: Later) => boolean): Promise<void> {
    const due = held.filter(({ rule }) => which(rule));
    held = held.filter(({ rule }) => !which(rule));
    for (const { perform } of due) await perform();
  }

  /** Makes a write now, or later. */
  async function write<T>(call: StorageCall, otherwise: T, perform: () => Promise<T>): Promise<T> {
    const rule = later.find(({ writes }) => writes(call, run));
    if (rule !== undefined) {
      held.push({ rule, perform });
      run = afterCall(run, call);
      return otherwise;
    }
    const done = await perform();
    await end(call);
    return done;
  }

  /** What answers a read, if it was made earlier. */
  function memoryFor(call: StorageCall): Memory | undefined {
    for (const [rule, known] of memories) {
      const { reads, only = notLooking, listings } = rule;
      if (!reads.some((each) => call.key.startsWith(each)) || !only(call, run)) continue;
      if (call.operation === "get" && !hasContent(call.key)) continue;
      if (call.operation !== "list" || listings === undefined || known.listings++ < listings) return known.memory;
      memories.delete(rule);
    }
    return undefined;
  }

  function written(key: string, change: (memory: Memory) => void): void {
    for (const [{ reads }, { memory }] of memories) if (reads.some((each) => key.startsWith(each))) change(memory);
  }

  return {
    ...storage,
    async put(key, body, options) {
      const bytes = await whole(body);
      const call: StorageCall = { operation: "put", key };
      await begin(call, bytes);
      const info: ObjectInfo = { key, size: bytes.length, modified: new Date(0) };
      const done = await write(call, info, () => storage.put(key, bytes, options));
      written(key, (memory) => memory.put(done, bytes));
      return done;
    },
    async *get(key, options) {
      const call: StorageCall = { operation: "get", key };
      await begin(call);
      const memory = memoryFor(call);
      if (memory === undefined) yield* storage.get(key, options);
      else {
        const { start, end: to } = resolveRange(options?.range, "storage.get", key);
        yield memory.get(key).slice(start, to);
      }
      await end(call);
    },
    async stat(key, options) {
      const call: StorageCall = { operation: "stat", key };
      await begin(call);
      const memory = memoryFor(call);
      const found = memory === undefined ? await storage.stat(key, options) : memory.stat(key);
      await end(call);
      return found;
    },
    async *list(prefix, options) {
      const call: StorageCall = { operation: "list", key: prefix };
      await begin(call);
      const memory = memoryFor(call);
      if (memory === undefined) yield* storage.list(prefix, options);
      else yield* memory.list(prefix);
      await end(call);
    },
    async delete(keys, options) {
      const call: StorageCall = { operation: "delete", key: keys[0] ?? "" };
      await begin(call);
      await write(call, undefined, () => storage.delete(keys, options));
      for (const key of keys) written(key, (memory) => memory.delete(key));
    },
  };
}

const notLooking: When = (_call, { looks }) => !looks;

async function whole(body: Parameters<Storage["put"]>[1]): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(new Uint8Array(piece));
  return Buffer.concat(pieces);
}
