import { createHash, randomInt } from "node:crypto";
import { posix } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { LifeboatError } from "@lifeboat/contracts";
import type { Abilities } from "./abilities.ts";
import type { Connection } from "./connection.ts";
import { inTheWay } from "./errors.ts";
import { makeFolders } from "./folders.ts";
import { Refusal, STATUS } from "./lost.ts";
import type { Place } from "./place.ts";
import * as requests from "./requests.ts";

/** A finished temporary file, and the name that it is to get. */
export interface Finished {
  readonly operation: string;
  readonly temporary: string;
  readonly place: Place;
  readonly size: number;
  readonly ifAbsent: boolean;
  readonly abilities: Abilities;
  readonly signal: AbortSignal | undefined;
  /** Whether an earlier try's answer was lost: then it may have been done already. */
  readonly again: boolean;
}

/** How often folders are made anew that a delete of the last object in them removed in the meantime. */
const TRIES = 50;
const CLAIM_TRIES = 200;
const RENAME_TRIES = 10;
const CLAIM_PAUSE_MS = 50;

/** Gives the file its name and answers whether the name was free, where that was asked for. */
export async function publish(on: Connection, finished: Finished): Promise<boolean> {
  const { place, operation, signal } = finished;
  for (let tries = 1; ; tries += 1) {
    signal?.throwIfAborted();
    try {
      return finished.ifAbsent ? await create(on, finished) : await replace(on, finished);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (await isDone(on, finished)) return true;
      if (tries === TRIES || !(await lacksFolder(on, finished, error))) throw await blocked(on, finished, error);
      await makeFolders(on, place.folders, operation, place.key);
    }
  }
}

/** Whether it failed for want of a folder: also where another put has made that in the meantime. */
async function lacksFolder(on: Connection, { temporary, place }: Finished, { status }: Refusal): Promise<boolean> {
  const folder = place.folders.at(-1);
  if (folder === undefined) return false;
  if (status === STATUS.missing && (await requests.look(on, temporary)) !== null) return true;
  return (await requests.look(on, folder)) === null;
}

/** Whether an earlier try did it whose answer was lost: only then is the temporary name gone. */
async function isDone(on: Connection, { again, temporary, place, size }: Finished): Promise<boolean> {
  if (!again || (await requests.look(on, temporary)) !== null) return false;
  const found = await requests.look(on, place.file);
  return found?.type === "file" && found.size === size;
}

/** The error for a name that the file cannot get. */
async function blocked(on: Connection, { operation, place }: Finished, error: Refusal): Promise<unknown> {
  for (const folder of place.folders) {
    const found = await requests.look(on, folder);
    if (found !== null && found.type !== "folder") return inTheWay(folder, `a ${found.type}`, operation, place.key);
  }
  const found = await requests.look(on, place.file);
  if (found === null || found.type === "file") return error;
  return inTheWay(place.file, `a ${found.type}`, operation, place.key);
}

async function replace(on: Connection, finished: Finished): Promise<true> {
  const { temporary, place, abilities } = finished;
  const rename = abilities.replace === "posix" ? requests.renamePosix : requests.renamePlain;
  if (abilities.replace === "no") return await replaceInSteps(on, temporary, place.file);
  try {
    await rename(on, temporary, place.file);
  } catch (error) {
    if (!(error instanceof Refusal) || (await requests.look(on, place.file))?.type !== "folder") throw error;
    await requests.removeFolder(on, place.file); // an empty one that is left over; one that is not empty stays
    await rename(on, temporary, place.file);
  }
  return true;
}

/** Where no rename replaces: for a moment nothing has the name, and what had it is kept until the new file has. */
async function replaceInSteps(on: Connection, temporary: string, file: string): Promise<true> {
  const found = await requests.look(on, file);
  if (found === null) {
    await requests.renamePlain(on, temporary, file);
    return true;
  }
  const aside = `${temporary}-old`;
  await requests.renamePlain(on, file, aside);
  try {
    await requests.renamePlain(on, temporary, file);
  } catch (error) {
    if (error instanceof Refusal) await requests.renamePlain(on, aside, file);
    throw error;
  }
  await requests.removeFile(on, aside);
  return true;
}

/** Gives the name only where it is free: by a hard link, by a claim, or else as well as it goes. */
async function create(on: Connection, finished: Finished): Promise<boolean> {
  const { temporary, place, abilities } = finished;
  if (abilities.links) return await createByLink(on, finished);
  if (abilities.exclusive) return await createByClaim(on, finished);
  return await createIfFree(on, temporary, place.file);
}

/**
 * Looks whether the name is free, and takes it: of several who do that at once, more than one may win. A server whose
 * renames first remove what has the name lets some of those fail too, and for a moment nothing has it.
 */
async function createIfFree(on: Connection, temporary: string, file: string): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    if ((await requests.look(on, file)) !== null) return false;
    try {
      await requests.renamePlain(on, temporary, file);
      return true;
    } catch (error) {
      if (!(error instanceof Refusal) || error.status === STATUS.missing || tries === RENAME_TRIES) throw error;
    }
  }
}

async function createByLink(on: Connection, { temporary, place, again }: Finished): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      await requests.hardLink(on, temporary, place.file);
      break;
    } catch (error) {
      if (!(error instanceof Refusal) || error.status === STATUS.missing) throw error;
      if ((await requests.look(on, place.file)) !== null) {
        if (again && (await isSameFile(on, temporary, place.file))) break;
        return false;
      }
      if (tries === TRIES) throw error; // else what had the name has been deleted since
    }
  }
  await requests.removeFile(on, temporary);
  return true;
}

/** Whether two names are of one file: a time that is set by one name shows by the other. */
async function isSameFile(on: Connection, one: string, other: string): Promise<boolean> {
  const found = await requests.look(on, one);
  if (found === null) return false;
  const mark = randomInt(1, 2 ** 31 - 1);
  await requests.setTimes(on, one, mark, Math.floor(found.modified.getTime() / 1000));
  return (await requests.accessedAt(on, other)) === mark;
}

/** Whoever makes the claim file of a key, which only one can, looks whether the key is free, and takes it. */
async function createByClaim(on: Connection, { temporary, place, operation, signal }: Finished): Promise<boolean> {
  const name = `claim-${createHash("sha256").update(place.key).digest("hex")}`;
  const claim = posix.join(posix.dirname(temporary), name);
  for (let tries = 0; tries < CLAIM_TRIES; tries += 1) {
    if (await makesClaim(on, claim, tries)) {
      try {
        if ((await requests.look(on, place.file)) !== null) return false;
        await requests.renamePlain(on, temporary, place.file);
        return true;
      } finally {
        await requests.removeFile(on, claim);
      }
    }
    if ((await requests.look(on, place.file)) !== null) return false;
    await pause(CLAIM_PAUSE_MS, undefined, { signal });
  }
  throw new LifeboatError({
    code: "LOCKED",
    operation,
    key: place.key,
    message: `Expected to be the only one creating ${JSON.stringify(place.key)}, but another process has claimed it.`,
    hint: `If that process has died, delete ${JSON.stringify(claim)} on the server; it is also removed a day after.`,
    retryable: true,
  });
}

async function makesClaim(on: Connection, claim: string, tries: number): Promise<boolean> {
  const { write, create: make, exclusive } = requests.OPEN;
  try {
    await requests.closeHandle(on, await requests.openFile(on, claim, write | make | exclusive));
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if ((await requests.look(on, claim)) === null && tries > TRIES) throw error; // else it was given up since
    return false;
  }
}
