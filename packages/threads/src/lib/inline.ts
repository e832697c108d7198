import { setImmediate as nextTurn } from "node:timers/promises";
import { type Handler, Transfer } from "./transfer.ts";
import type { Thread } from "./worker.ts";

/** The calling thread as a {@link Thread}: one task a turn of the event loop, in order. */
export function inlineThread<Data, Task, Result>(
  start: (data: Data) => Handler<Task, Result> | Promise<Handler<Task, Result>>,
  data: Data,
): Thread {
  const ready = Promise.resolve(data).then(start);
  ready.catch(() => undefined); // every task reports it
  let last: Promise<unknown> = Promise.resolve();
  let pending = 0;
  let stopped = false;

  async function answer(task: Task): Promise<Result> {
    const handler = await ready;
    await nextTurn();
    if (stopped) throw new Error("The thread has stopped.");
    const result = await handler(task);
    return result instanceof Transfer ? result.value : result;
  }

  return {
    get pending() {
      return pending;
    },
    inline: true,
    run(task) {
      pending += 1;
      const result = last
        .then(() => answer(task as Task))
        .finally(() => {
          pending -= 1;
        });
      last = result.catch(() => undefined); // it was this caller's failure, not the next one's
      return result;
    },
    async stop() {
      stopped = true;
      await last;
    },
  };
}
