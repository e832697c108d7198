import { type Handler, Transfer } from "@lifeboat/threads";
import { systemError } from "../errors.ts";
import { closeDirectory, openRoot } from "../fs/directory.ts";
import { removeTree } from "../fs/remove.ts";
import { syncTree } from "../fs/sync-tree.ts";
import { TableReader } from "../table.ts";
import { MAKE, type WriteResult, type WriterOptions, type WriteTask } from "./protocol.ts";
import { Writer } from "./writer.ts";

/** Answers tasks with a {@link Writer}. */
export function serveWriter(options: WriterOptions): Handler<WriteTask, WriteResult> {
  let writer: Writer | null = null;

  return (task) => {
    if (task.kind === "erase") {
      naming(task.name, options.operation, () => erase(task.parent, task.name));
      return { problems: [] };
    }
    if (task.kind === "sync") {
      return sync(task.root, task.sinceMs, options.operation);
    }
    if (task.kind === "discard" && writer === null) return { problems: [] }; // it never began, or has closed
    writer ??= new Writer(options);
    const result = run(writer, task, options.operation);
    const answer = { ...result, problems: writer.problems };
    writer.problems = [];
    // a descriptor's number may be another's by now: it is never closed twice
    if (task.kind === "close" || task.kind === "discard") writer = null;
    return result.data === undefined ? answer : new Transfer(answer, [result.data]);
  };
}

async function sync(root: string, sinceMs: number, operation: string): Promise<WriteResult> {
  try {
    await syncTree(root, sinceMs);
  } catch (error) {
    naming(root, operation, () => {
      throw error;
    });
  }
  return { problems: [] };
}

function erase(path: string, name: string): void {
  const parent = openRoot(path);
  try {
    removeTree(parent, name);
  } finally {
    closeDirectory(parent);
  }
}

function run(
  writer: Writer,
  task: Exclude<WriteTask, { kind: "erase" | "sync" }>,
  operation: string,
): Omit<WriteResult, "problems"> {
  switch (task.kind) {
    case "batch":
      batch(writer, task, operation);
      return { data: task.data };
    case "begin":
      return { fd: naming(task.path, operation, () => writer.begin(task.path)) };
    case "end":
      naming(task.path, operation, () => writer.end(task.size, task.dress));
      return {};
    case "clear":
      tidying(operation, "What had to make room could not all be removed", () => writer.clear());
      return {};
    case "close":
      writer.close();
      return {};
    case "discard":
      tidying(operation, "What was written could not all be taken back", () => writer.discard());
      return {};
  }
}

function batch(writer: Writer, task: WriteTask & { kind: "batch" }, operation: string): void {
  const rows = new TableReader(task.table);
  for (let row = 0; row < task.table.rows; row++) {
    const make = rows.number();
    const content = new Uint8Array(task.data, rows.number(), rows.number());
    const dress = { mode: rows.number(), mtimeMs: rows.number(), uid: rows.number(), gid: rows.number() };
    const path = rows.text();
    const target = rows.text();
    naming(path, operation, () => {
      if (make === MAKE.file) writer.file(path, content, dress);
      else if (make === MAKE.directory) writer.directory(path);
      else if (make === MAKE.symlink) writer.symlink(path, target, dress);
      else if (make === MAKE.hardlink) writer.hardlink(path, target);
      else if (make === MAKE.dress) writer.dress(path, dress);
      else writer.remove(path, make === MAKE.removeDirectory);
    });
  }
}

function naming<T>(path: string, operation: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw systemError(error, operation, `${path} could not be written`, path);
  }
}

function tidying(operation: string, what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw systemError(error, operation, what);
  }
}
