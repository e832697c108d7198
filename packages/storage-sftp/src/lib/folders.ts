import { posix } from "node:path";
import type { Connection } from "./connection.ts";
import { inTheWay } from "./errors.ts";
import { isRefusal, Refusal, STATUS } from "./lost.ts";
import { look, makeFolder, removeFolder } from "./requests.ts";

/**
 * Makes nested folders that are missing, outermost first, all at once. Servers refuse to make a
 * folder that exists in different ways, so what counts is what is there afterwards;
 * only where that is wrong they are made one by one, to see why.
 *
 * @throws INVALID where something else has the name; Refusal
 */
export async function makeFolders(on: Connection, folders: readonly string[], operation: string, key?: string) {
  const last = folders.at(-1);
  if (last === undefined) return;
  await Promise.allSettled(folders.map((folder) => makeFolder(on, folder)));
  if ((await look(on, last))?.type === "folder") return;
  for (const folder of folders) {
    try {
      await makeFolder(on, folder);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const found = await look(on, folder);
      if (found === null) throw error;
      if (found.type !== "folder") throw inTheWay(folder, `a ${found.type}`, operation, key);
    }
  }
}

/** The root, and whatever is missing above it. */
export async function makeRoot(on: Connection, root: string, operation: string): Promise<void> {
  if ((await look(on, root)) !== null) return; // perhaps a link, which is the host's own choice here
  const parent = posix.dirname(root);
  if (parent !== root && parent !== ".") await makeRoot(on, parent, operation);
  await makeFolders(on, [root], operation);
}

/** Removes folders that are empty, innermost first. Another put may fill or remove one at any time: both are fine. */
export async function removeEmpty(on: Connection, folders: readonly string[]): Promise<void> {
  for (const folder of folders.toReversed()) {
    try {
      await removeFolder(on, folder);
    } catch (error) {
      if (isRefusal(error, STATUS.missing)) continue;
      if (error instanceof Refusal) return; // not empty
      throw error;
    }
  }
}
