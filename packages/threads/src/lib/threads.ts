import { type AbortOptions, orAbort } from "@lifeboat/contracts";
import { inlineThread } from "./inline.ts";
import type { Handler } from "./transfer.ts";
import { type Thread, workerThread } from "./worker.ts";

/** How to start the threads. */
export interface ThreadsOptions<Data, Task, Result> {
  /** The worker's bundled text, whose entry file calls `serveTasks`. */
  readonly code: string;
  /** The same handler for the calling thread, where threads are not allowed or not wanted. */
  readonly inline: (data: Data) => Handler<Task, Result> | Promise<Handler<Task, Result>>;
  /** What each worker is started with; it is cloned. */
  readonly data: Data;
  /** At most so many threads, started when there is work for them. 0 works on the calling thread. */
  readonly size: number;
  /**
   * So many tasks are answered on the calling thread before a worker is started, which costs more than a few of
   * them do. Only for handlers that keep no state, and tasks of a few milliseconds. Default: 0.
   */
  readonly inlineFirst?: number;
  /** Shown in debuggers and process listings. */
  readonly name: string;
}

/** How one task is run. */
export interface RunOptions extends AbortOptions {
  /** Buffers of the task that are moved, not copied. */
  readonly transfer?: readonly ArrayBuffer[];
  /** `false` leaves out {@link ThreadsOptions.inlineFirst}: for tasks that wait for a disk. Default: `true`. */
  readonly inlineFirst?: boolean;
}

/** Threads that answer tasks. Disposing stops them; what is unanswered rejects. */
export interface Threads<Task, Result> extends AsyncDisposable {
  /**
   * Runs a task on the thread that has least to do. Tasks given to one thread are
   * answered in order; a pool of one is therefore a place to keep state.
   */
  run(task: Task, options?: RunOptions): Promise<Result>;
  /** Whether the next task would be answered on the calling thread, and hold up its event loop meanwhile. */
  readonly isInline: boolean;
}

/** So many tasks wait at a busy thread, so that it never idles between two. */
const DEPTH = 2;

/** Makes a pool. Nothing is started before the first task. */
export function createThreads<Data, Task, Result>(options: ThreadsOptions<Data, Task, Result>): Threads<Task, Result> {
  const threads: Thread[] = [];
  let inlineLeft = options.inlineFirst ?? 0;
  let first: Thread | undefined;
  let closed = false;

  function start(): Thread {
    if (options.size === 0) return inlineThread(options.inline, options.data);
    return workerThread(options.code, options.data, options.name) ?? inlineThread(options.inline, options.data);
  }

  function pick(mayBeFirst: boolean): Thread {
    if (mayBeFirst && inlineLeft > 0) {
      inlineLeft -= 1;
      first ??= inlineThread(options.inline, options.data);
      return first;
    }
    let least = threads[0];
    for (const thread of threads) if (least === undefined || thread.pending < least.pending) least = thread;
    const room = threads.length < Math.max(1, options.size) && !(least?.inline ?? false);
    if (least !== undefined && (least.pending === 0 || !room)) return least;
    const started = start();
    threads.push(started);
    return started;
  }

  return {
    get isInline() {
      return inlineLeft > 0 || options.size === 0 || threads[0]?.inline === true;
    },
    async run(task, { signal, transfer, inlineFirst = true } = {}) {
      signal?.throwIfAborted();
      if (closed) throw new Error(`The threads "${options.name}" are stopped.`);
      const answer = pick(inlineFirst).run(task, transfer ?? []) as Promise<Result>;
      return orAbort(answer, signal);
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await Promise.all([...threads, ...(first === undefined ? [] : [first])].map((thread) => thread.stop()));
    },
  };
}

/** How many tasks to keep under way in a pool of `size`, so that no thread idles. */
export function tasksInFlight(size: number): number {
  return Math.max(1, size) * DEPTH;
}
