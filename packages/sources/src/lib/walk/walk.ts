import type { ProblemReport } from "@lifeboat/contracts";
import { createThreads } from "@lifeboat/threads";
import { TableReader } from "../table.ts";
import { type Found, TYPES, type WalkBatch, type WalkOptions, type WalkTask } from "./protocol.ts";
import { serveWalk } from "./serve.ts";
import code from "./walk.worker.ts?worker-code";

/** How a walk is run. */
export interface WalkRun {
  readonly signal: AbortSignal;
  report(problem: ProblemReport): void;
  /** Hears of each directory that was avoided. */
  avoided?(path: string): void;
  /** `false` walks on the calling thread. Default: `true`. */
  readonly thread?: boolean | undefined;
}

/**
 * Walks a tree in a worker thread. Each directory's names come sorted by their
 * bytes, a directory before what is in it. One batch is read ahead.
 */
export async function* walk(options: WalkOptions, run: WalkRun): AsyncGenerator<Found, void, undefined> {
  const { signal } = run;
  signal.throwIfAborted();
  const size = run.thread === false ? 0 : 1;
  await using threads = createThreads<WalkOptions, WalkTask, WalkBatch>({
    code,
    inline: serveWalk,
    data: options,
    size,
    name: "lifeboat walk",
  });
  const pull = () => {
    const batch = threads.run("next");
    batch.catch(() => undefined); // it is awaited later; until then nobody else must hear of it
    return batch;
  };
  let ahead: Promise<WalkBatch> | null = pull();
  try {
    while (ahead !== null) {
      const batch: WalkBatch = await ahead;
      signal.throwIfAborted();
      ahead = batch.done ? null : pull();
      for (const problem of batch.problems) run.report(problem);
      for (const path of batch.avoided) run.avoided?.(path);
      yield* entriesOf(batch);
      signal.throwIfAborted();
    }
  } finally {
    await threads.run("close");
  }
}

function* entriesOf({ entries }: WalkBatch): Generator<Found, void, undefined> {
  const reader = new TableReader(entries);
  for (let row = 0; row < entries.rows; row++) {
    yield {
      type: TYPES[reader.number()] ?? "file",
      size: reader.number(),
      mode: reader.number(),
      mtimeMs: reader.number(),
      ctimeMs: reader.number(),
      dev: reader.number(),
      ino: reader.number(),
      uid: reader.number(),
      gid: reader.number(),
      wanted: reader.number() === 1,
      path: reader.text(),
      target: reader.text(),
      section: reader.text(),
      real: reader.text(),
    };
  }
}
