import type { ProblemReport } from "@lifeboat/contracts";
import { createThreads, type Threads } from "@lifeboat/threads";
import type { WriteResult, WriterOptions, WriteTask } from "./protocol.ts";
import { serveWriter } from "./serve.ts";
import code from "./write.worker.ts?worker-code";

/** So many batches wait at a thread, so that it never idles between two. */
const DEPTH = 2;
const ARENA = 1024 * 1024;

interface Lane {
  readonly threads: Threads<WriteTask, WriteResult>;
  busy: number;
  /** Whether it was ever given anything. */
  used: boolean;
}

/** Writer threads, each with its own open directories. Batches go to the one that has least to do. */
export class Lanes implements AsyncDisposable {
  readonly #lanes: readonly Lane[];
  readonly #report: (problem: ProblemReport) => void;
  readonly #arenas: ArrayBuffer[] = [];
  readonly #running = new Set<Promise<void>>();
  /** Directories that were there already and stay as they are. */
  readonly kept = new Set<string>();
  #failure: { readonly error: unknown } | null = null;
  #dressFailed = false;

  constructor(options: WriterOptions, threads: number, report: (problem: ProblemReport) => void) {
    this.#report = report;
    this.#lanes = Array.from({ length: Math.max(1, threads) }, () => ({
      busy: 0,
      used: false,
      threads: createThreads<WriterOptions, WriteTask, WriteResult>({
        code,
        inline: serveWriter,
        data: options,
        size: Math.min(1, threads),
        name: "lifeboat write",
      }),
    }));
  }

  /** A buffer of 1 MiB to fill; handed back by the thread that emptied it. */
  arena(): ArrayBuffer {
    return this.#arenas.pop() ?? new ArrayBuffer(ARENA);
  }

  /** Hands a batch to a thread, that with least to do unless one is named; waits only while all have enough to do. Rejects with an earlier batch's error. */
  async send(task: WriteTask & { kind: "batch" }, number?: number): Promise<void> {
    const lane = this.#lanes[number ?? -1] ?? this.#idlest();
    lane.busy += 1;
    lane.used = true;
    const done = lane.threads
      .run(task, { transfer: [task.data] })
      .then(
        (result) => this.#take(result),
        (error: unknown) => {
          this.#failure ??= { error };
        },
      )
      .finally(() => {
        lane.busy -= 1;
        this.#running.delete(done);
      });
    this.#running.add(done);
    while (this.#running.size >= this.#lanes.length * DEPTH) await Promise.race(this.#running);
    this.#check();
  }

  /** Runs one task on the first thread and waits for it. */
  async run(task: WriteTask): Promise<WriteResult> {
    const lane = this.#lanes[0] ?? this.#idlest();
    lane.used = true;
    const result = await lane.threads.run(task);
    this.#take(result);
    return result;
  }

  /** Waits until all batches are done. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
    this.#check();
  }

  /** Tells all threads: to delete what moved aside, to close, or to undo what can be undone and close. Rejects once all have ended, with the first error. */
  async tell(kind: "clear" | "close" | "discard"): Promise<void> {
    await Promise.all(this.#running);
    const used = this.#lanes.filter((lane) => lane.used); // nobody starts a thread only to end it
    const told = used.map(async ({ threads }) => this.#take(await threads.run({ kind })));
    for (const outcome of await Promise.allSettled(told)) if (outcome.status === "rejected") throw outcome.reason;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#lanes.map(({ threads }) => threads[Symbol.asyncDispose]()));
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  #idlest(): Lane {
    return this.#lanes.reduce((least, lane) => (lane.busy < least.busy ? lane : least));
  }

  #take({ data, problems }: WriteResult): void {
    if (data?.byteLength === ARENA) this.#arenas.push(data);
    for (const { kind, ...problem } of problems) {
      if (kind === "kept") this.kept.add(problem.path ?? "");
      else if (!this.#dressFailed) {
        this.#dressFailed = true; // what fails once fails for thousands: the first one says it all
        this.#report(problem);
      }
    }
  }
}
