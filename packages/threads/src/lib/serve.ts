import { parentPort, workerData } from "node:worker_threads";
import { flattenError, type Handler, type PlainError, Transfer } from "./transfer.ts";

/** A task on its way to a worker. */
export interface Request {
  readonly id: number;
  readonly task: unknown;
}

/** A worker's answer to one task. */
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: PlainError };

/**
 * Called once in a worker's entry file: makes its handler from the data the
 * workers were started with, and answers tasks with it, one after the other.
 */
export function serveTasks<Data, Task, Result>(
  start: (data: Data) => Handler<Task, Result> | Promise<Handler<Task, Result>>,
): void {
  const port = parentPort;
  if (port === null) throw new Error("serveTasks() belongs in a worker thread's entry file.");
  const ready = Promise.resolve(workerData as Data).then(start);
  let last: Promise<void> = Promise.resolve();
  port.on("message", ({ id, task }: Request) => {
    last = last.then(async () => {
      try {
        const answer = await (await ready)(task as Task);
        if (answer instanceof Transfer) port.postMessage({ id, value: answer.value }, [...answer.list]);
        else port.postMessage({ id, value: answer });
      } catch (error) {
        port.postMessage({ id, error: flattenError(error) });
      }
    });
  });
  ready.catch(() => undefined); // every task reports it
}
