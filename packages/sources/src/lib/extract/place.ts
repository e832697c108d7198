import { lstat, mkdir, opendir, realpath, rename, rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { LifeboatError } from "@lifeboat/contracts";
import { errnoOf, invalid, systemError } from "../errors.ts";
import { hoist } from "./hoist.ts";
import { leftovers, stagingName } from "./staging.ts";

const OWNER_ONLY = 0o700;

/** Where a restore writes, and how it comes into sight. */
export interface Place {
  /** The directory that is written to. */
  readonly root: string;
  /** Whether it is a new one that nobody sees before {@link publish}. */
  readonly fresh: boolean;
  /** Where in the file system the new one lies, to be erased after a failure. */
  readonly staging: Staging | null;
  /** What killed restores to the same place have left. */
  readonly leftovers: readonly Staging[];
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
    const left = await leftovers(existing, target);
    return (await isEmptyBut(existing, left))
      ? await inside(existing, target, left, operation)
      : shared(existing, left);
  } catch (error) {
    throw systemError(error, operation, `The place to restore to, ${target}, could not be prepared`, target);
  }
}

function shared(root: string, left: readonly string[]): Place {
  const nothing = async () => undefined;
  return { root, fresh: false, staging: null, leftovers: stagings(root, left), publish: nothing, discard: nothing };
}

function stagings(parent: string, names: readonly string[]): Staging[] {
  return names.map((name) => ({ parent, name }));
}

async function inside(existing: string, target: string, left: readonly string[], operation: string): Promise<Place> {
  const name = stagingName(target);
  const root = join(existing, name);
  await mkdir(root, OWNER_ONLY);
  return {
    root,
    fresh: true,
    staging: { parent: existing, name },
    leftovers: stagings(existing, left),
    publish: () => hoist(existing, name, operation),
    discard: async () => undefined,
  };
}

async function beside(target: string): Promise<Place> {
  const made = await mkdir(dirname(target), { recursive: true, mode: OWNER_ONLY });
  const parent = await realpath(dirname(target));
  const left = await leftovers(parent, target);
  const name = stagingName(target);
  const root = join(parent, name);
  await mkdir(root, OWNER_ONLY);
  return {
    root,
    fresh: true,
    staging: { parent, name },
    leftovers: stagings(parent, left),
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

async function isEmptyBut(path: string, names: readonly string[]): Promise<boolean> {
  for await (const { name } of await opendir(path)) if (!names.includes(name)) return false;
  return true;
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
