import { Worker } from "node:worker_threads";
import type { Reply, Request } from "./serve.ts";
import { reviveError } from "./transfer.ts";

/** One place that answers tasks in order. */
export interface Thread {
  /** Tasks it has not answered yet. */
  readonly pending: number;
  /** Whether it is the calling thread. */
  readonly inline: boolean;
  run(task: unknown, transfer: readonly ArrayBuffer[]): Promise<unknown>;
  stop(): Promise<void>;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Starts a worker thread, or answers `null` where this process may not have any. */
export function workerThread(code: string, data: unknown, name: string): Thread | null {
  const worker = startWorker(code, data, name);
  if (worker === null) return null;
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let dead: Error | null = null;
  let stopping = false;

  function die(error: Error): void {
    dead ??= error;
    for (const { reject } of waiting.values()) reject(dead);
    waiting.clear();
  }

  worker.on("message", (reply: Reply) => {
    const entry = waiting.get(reply.id);
    waiting.delete(reply.id);
    // an answer may still arrive after stop(), which holds on to the process until the thread has ended
    if (waiting.size === 0 && !stopping) worker.unref();
    if ("error" in reply) entry?.reject(reviveError(reply.error));
    else entry?.resolve(reply.value);
  });
  worker.on("messageerror", die);
  worker.on("error", die);
  worker.on("exit", () => die(new Error(`The thread "${name}" has stopped.`)));
  worker.unref();

  return {
    get pending() {
      return waiting.size;
    },
    inline: false,
    run(task, transfer) {
      if (dead !== null) return Promise.reject(dead);
      return new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        worker.ref(); // an unanswered task keeps the process alive, an idle thread does not
        worker.postMessage({ id, task } satisfies Request, [...transfer]);
      });
    },
    async stop() {
      stopping = true;
      await worker.terminate();
    },
  };
}

// Threads handle large buffers, not many objects: a small nursery keeps each of them small.
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

function startWorker(code: string, data: unknown, name: string): Worker | null {
  try {
    return new Worker(code, { eval: true, execArgv: [], env: {}, name, resourceLimits, workerData: data });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_ACCESS_DENIED") return null;
    throw error;
  }
}
