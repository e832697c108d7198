import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { CLAIM, claimant } from "./claim.ts";
import { look, removeFile } from "./files.ts";
import { isDead, type Owner, ownerOf } from "./owner.ts";

const DAY = 24 * 60 * 60 * 1000;

/**
 * Removes what dead processes left unfinished: of this machine those whose process
 * is gone; of other machines (a shared disk) what has not changed for a day.
 *
 * @param now by the file system's own clock
 */
export async function sweep(folder: string, self: Owner, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const owner = ownerOf(name.startsWith(CLAIM) ? await claimant(path) : name);
    if (owner?.realm === self.realm ? isDead(owner, self) : await unchangedForADay(path, now)) await removeFile(path);
  }
}

async function unchangedForADay(path: string, now: number): Promise<boolean> {
  const found = await look(path);
  if (!found?.isFile()) return false;
  return now - found.ctimeMs > DAY;
}
