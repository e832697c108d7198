import { constants } from "node:fs";
import { access, lstat, opendir, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RestoreCheck, RestoreCheckContext } from "@lifeboat/contracts";
import { errnoOf, reasonOf } from "./errors.ts";

/** So many entries are looked at for their owners. */
const SAMPLE = 256;

/** What is worth knowing before something is restored to a place: room, the right to write, owners. */
export async function placeChecks(context: RestoreCheckContext, root: string): Promise<RestoreCheck[]> {
  const place = context.to ?? root;
  const nearest = await nearestExisting(place);
  const checks = await Promise.all([freeSpace(nearest, context.size), writable(nearest, place), owners(place)]);
  return checks.filter((check) => check !== null);
}

async function freeSpace(at: string, size: number): Promise<RestoreCheck | null> {
  const { bavail, bsize } = await statfs(at);
  const free = bavail * bsize;
  if (free >= size) return null;
  return {
    level: "error",
    code: "free-space",
    message: `The restore writes ${size} bytes, and the disk of ${at} has ${free} left.`,
    hint: "Make room there, select less, or restore to another place.",
  };
}

async function writable(at: string, place: string): Promise<RestoreCheck | null> {
  const code = "target-writable";
  const hint = "Give this process the right to write there, or restore to another place.";
  try {
    if (!(await stat(at)).isDirectory()) return { level: "error", code, message: `${at} is no directory.`, hint };
    await access(at, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return { level: "error", code, message: `${place} cannot be written to: ${reasonOf(error)}.`, hint };
  }
}

async function owners(place: string): Promise<RestoreCheck | null> {
  const uid = process.geteuid?.() ?? 0;
  if (uid === 0 || !(await someOwnedByAnother(place, uid))) return null;
  return {
    level: "info",
    code: "owners",
    message: `Some of ${place} belongs to other users; what is restored will belong to this process's user.`,
    hint: "Restore as root to keep owners.",
  };
}

async function someOwnedByAnother(place: string, uid: number): Promise<boolean> {
  try {
    if ((await lstat(place)).uid !== uid) return true;
    let seen = 0;
    for await (const { name } of await opendir(place)) {
      if ((await lstat(join(place, name))).uid !== uid) return true;
      seen += 1;
      if (seen >= SAMPLE) break;
    }
    return false;
  } catch {
    return false; // nothing there, or nothing to be seen: nothing to be said
  }
}

/** The place, or the first directory above it that exists. */
async function nearestExisting(place: string): Promise<string> {
  for (let at = place; ; at = dirname(at)) {
    try {
      await stat(at);
      return at;
    } catch (error) {
      if (!["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "") || at === dirname(at)) throw error;
    }
  }
}
