import type { AbortOptions } from "@lifeboat/contracts";
import type { Connection } from "./connection.ts";
import { inTheWay } from "./errors.ts";
import { removeEmpty } from "./folders.ts";
import { Refusal } from "./lost.ts";
import { inParallel } from "./parallel.ts";
import type { Parts } from "./parts.ts";
import { type Place, placeOf } from "./place.ts";
import { look, removeFile } from "./requests.ts";

const OPERATION = "storage.delete";
const IN_FLIGHT = 64;
const FOLDERS_IN_FLIGHT = 16;

/** Removes objects, many requests in flight, and then the folders that have nothing in them any more. */
export async function remove(
  { settings, line }: Parts,
  keys: readonly string[],
  { signal }: AbortOptions,
): Promise<void> {
  const places = keys.map((key) => placeOf(settings.root, key, OPERATION));
  const left = new Map<string, readonly string[]>();
  try {
    await inParallel(places, IN_FLIGHT, async (place) => {
      await line.run((on) => removeOne(on, place), signal);
      const folder = place.folders.at(-1);
      if (folder !== undefined) left.set(folder, place.folders);
    });
  } finally {
    if (signal?.aborted !== true) {
      await inParallel([...left.values()], FOLDERS_IN_FLIGHT, (folders) =>
        line.run((on) => removeEmpty(on, folders), signal),
      );
    }
  }
}

/** A folder of that name is not the object. */
async function removeOne(on: Connection, { key, file }: Place): Promise<void> {
  try {
    await removeFile(on, file);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const found = await look(on, file);
    if (found?.type === "link") throw inTheWay(file, "a link", OPERATION, key);
    if (found?.type === "file") throw error;
  }
}
