import type { ProblemReport } from "@lifeboat/contracts";
import { type Handler, Transfer } from "@lifeboat/threads";
import { TableWriter } from "../table.ts";
import { TYPES, type WalkBatch, type WalkOptions, type WalkTask } from "./protocol.ts";
import { Walker } from "./walker.ts";

const BATCH = 512;
/** Milliseconds after which a batch is handed over whatever it holds, so that an abort is heard. */
const PATIENCE = 20;

/** Answers pulls with batches of a walk. */
export function serveWalk(options: WalkOptions): Handler<WalkTask, WalkBatch> {
  const table = new TableWriter();
  let problems: ProblemReport[] = [];
  let avoided: string[] = [];
  let walker: Walker | null = null;
  let done = false;

  function start(): Walker {
    return new Walker(options, {
      entry: (e) =>
        table.add(
          [TYPES.indexOf(e.type), e.size, e.mode, e.mtimeMs, e.ctimeMs, e.dev, e.ino, e.uid, e.gid, Number(e.wanted)],
          [e.path, e.target, e.section, e.real],
        ),
      problem: (problem) => problems.push(problem),
      avoided: (path) => avoided.push(path),
    });
  }

  return (task) => {
    if (task === "close") {
      walker?.close();
      done = true;
    } else {
      walker ??= start();
      const until = performance.now() + PATIENCE;
      while (!done && table.rows < BATCH && problems.length < BATCH) {
        done = !walker.step();
        if (performance.now() > until) break;
      }
    }
    const batch = { entries: table.take(), problems, avoided, done };
    problems = [];
    avoided = [];
    return new Transfer(batch, [batch.entries.numbers.buffer]);
  };
}
