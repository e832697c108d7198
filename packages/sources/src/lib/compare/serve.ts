import type { Handler } from "@lifeboat/threads";
import { systemError } from "../errors.ts";
import { TableReader } from "../table.ts";
import { TYPES } from "../walk/protocol.ts";
import { Comparer } from "./comparer.ts";
import { ACTIONS, type CompareOptions, type CompareResult, type CompareTask } from "./protocol.ts";

/** Answers tasks with a {@link Comparer}. */
export function serveCompare(options: CompareOptions): Handler<CompareTask, CompareResult> {
  let comparer: Comparer | null = null;

  return async (task) => {
    if (task.kind === "close") {
      comparer?.close();
      comparer = null;
      return new Uint8Array();
    }
    comparer ??= new Comparer(options);
    const rows = new TableReader(task.table);
    const actions = new Uint8Array(task.table.rows);
    for (let row = 0; row < actions.length; row++) {
      const type = TYPES[rows.number()] ?? "file";
      const [size, mode, mtimeMs] = [rows.number(), rows.number(), rows.number()];
      const [uid, gid] = [rows.number(), rows.number()];
      const [path, target, sha256] = [rows.text(), rows.text(), rows.text()];
      const known = sha256 === "" ? {} : { sha256 };
      try {
        const action = await comparer.action({ type, size, mode, mtimeMs, uid, gid, path, target, ...known });
        actions[row] = ACTIONS.indexOf(action);
      } catch (error) {
        throw systemError(error, "source.compare", `${path} could not be compared`, path);
      }
    }
    return actions;
  };
}
