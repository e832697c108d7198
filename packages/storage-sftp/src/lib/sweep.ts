import { posix } from "node:path";
import type { SweepOptions } from "@lifeboat/contracts";
import type { Connection } from "./connection.ts";
import type { Parts } from "./parts.ts";
import { temporaryFolder } from "./place.ts";
import { closeHandle, look, namesIn, removeFile } from "./requests.ts";

const DAY = 24 * 60 * 60 * 1000;

/** Removes unfinished files that nobody has written to for long, and answers how many. */
export async function sweep({ settings, line, ground }: Parts, { olderThan, signal }: SweepOptions): Promise<number> {
  const { name: storage, username, root } = settings;
  return await line.run(async (on) => {
    if ((await look(on, temporaryFolder(root))) === null) return 0;
    const { path, handle } = await ground.open(on, { operation: "storage.sweep", storage, username });
    await closeHandle(on, handle);
    const now = (await look(on, path))?.modified ?? new Date(); // by the server's own clock
    await removeFile(on, path);
    return await sweepFolder(on, temporaryFolder(root), now, olderThan);
  }, signal);
}

/**
 * Removes the old files of a folder, and answers how many.
 *
 * @param now by the server's own clock
 */
export async function sweepFolder(on: Connection, folder: string, now: Date, olderThan = DAY): Promise<number> {
  const old = (await namesIn(on, folder)).filter(
    ({ type, modified }) => type === "file" && now.getTime() - modified.getTime() >= olderThan,
  );
  await Promise.all(old.map(({ name }) => removeFile(on, posix.join(folder, name))));
  return old.length;
}
