import { posix } from "node:path";
import type { StorageSpace } from "@lifeboat/contracts";
import type { Connection } from "./connection.ts";
import { isRefusal, STATUS } from "./lost.ts";
import { roomAt } from "./requests.ts";

/** Whether the server tells its room: some say so and then can't. */
export async function tellsSpace(on: Connection, root: string): Promise<boolean> {
  if (!on.has("statvfs@openssh.com", "2")) return false;
  try {
    return (await nearestRoom(on, root)).total > 0;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

/** The room at a path, or where that does not exist yet, at the nearest folder above it that does. */
export async function nearestRoom(on: Connection, path: string): Promise<StorageSpace> {
  try {
    const { free, total } = await roomAt(on, path);
    return { free, total };
  } catch (error) {
    const parent = posix.dirname(path);
    if (!isRefusal(error, STATUS.missing) || parent === path) throw error;
    return await nearestRoom(on, parent);
  }
}
