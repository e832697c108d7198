import { lstat, mkdir, opendir, realpath, rename, rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { LifeboatError } from "@lifeboat/contracts";
import { errnoOf, invalid, systemError } from "../errors.ts";
import { temporaryName } from "../fs/temporary.ts";
import { hoist } from "./hoist.ts";

const OWNER_ONLY = 0o700;

/** Where a restore writes, and how it comes into sight. */
export interface Place {
  /** The directory that is written to. */
  readonly root: string;
  /** Whether it is a new one that nobody sees before {@link publish}. */
  readonly fresh: boolean;
  /** Where in the file system the new one lies, to be erased after a failure. */
  readonly staging: Staging | null;
  publish(): Promise<void>;
  /** Removes the directories that were made on the way to it; the staging is gone by then. */
  discard(): Promise<void>;
}

/** A directory by its parent and name. */
export interface Staging {
  readonly parent: string;
  readonly name: string;
}

/**
 * Prepares a place. One that does not exist is made beside itself and renamed at the
 * end; one that is empty is filled in a directory inside it, whose content is then
 * moved up; one that holds something is written to entry by entry.
 */
export async function preparePlace(target: string, operation: string): Promise<Place> {
  try {
    const existing = await resolved(target, operation);
    if (existing === null) return await beside(target);
    return (await isEmpty(existing)) ? await inside(existing, operation) : shared(existing);
  } catch (error) {
    throw systemError(error, operation, `The place to restore to, ${target}, could not be prepared`, target);
  }
}

function shared(root: string): Place {
  return { root, fresh: false, staging: null, publish: async () => undefined, discard: async () => undefined };
}

async function inside(target: string, operation: string): Promise<Place> {
  const name = temporaryName();
  const root = join(target, name);
  await mkdir(root, OWNER_ONLY);
  return {
    root,
    fresh: true,
    staging: { parent: target, name },
    publish: () => hoist(target, name, operation),
    discard: async () => undefined,
  };
}

async function beside(target: string): Promise<Place> {
  const made = await mkdir(dirname(target), { recursive: true, mode: OWNER_ONLY });
  const parent = await realpath(dirname(target));
  const name = temporaryName();
  const root = join(parent, name);
  await mkdir(root, OWNER_ONLY);
  return {
    root,
    fresh: true,
    staging: { parent, name },
    publish: () => rename(root, join(parent, basename(target))),
    async discard() {
      if (made !== undefined) await removeMade(parent, await realpath(made));
    },
  };
}

/** The target without links on the way to it, or `null` where there is nothing. */
async function resolved(target: string, operation: string): Promise<string | null> {
  try {
    const path = await realpath(target);
    if (!(await lstat(path)).isDirectory()) {
      throw invalid(operation, `${target} is no directory, so nothing can be restored into it.`);
    }
    return path;
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  const there = await lstat(target).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  });
  if (there === null) return null;
  throw new LifeboatError({
    code: "INVALID",
    operation,
    message: `${target} is a link that leads nowhere, so nothing can be restored into it.`,
    hint: "Mount or make what the link leads to, or remove it.",
  });
}

async function isEmpty(path: string): Promise<boolean> {
  const directory = await opendir(path);
  try {
    return (await directory.read()) === null;
  } finally {
    await directory.close();
  }
}

/** Removes the directories that were made on the way to the target, from the innermost up. */
async function removeMade(from: string, top: string): Promise<void> {
  for (let path = from; path.startsWith(top); path = dirname(path)) {
    try {
      await rmdir(path);
    } catch {
      return; // somebody else uses it by now
    }
  }
}
