import { lstatSync, renameSync, rmdirSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { LifeboatError } from "@lifeboat/contracts";
import { closeDirectory, openChild, openRoot } from "../fs/directory.ts";
import { native, readNames } from "../fs/names.ts";

const TURN = 200;

/** Moves what is in a directory's directory up into it. */
export async function hoist(target: string, name: string, operation: string): Promise<void> {
  const root = openRoot(target);
  try {
    const staging = openChild(root, name);
    try {
      let moved = 0;
      for (const child of readNames(staging.base)) {
        const to = native(root.base + child);
        if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) throw taken(child, target, operation);
        renameSync(native(staging.base + child), to);
        moved += 1;
        if (moved % TURN === 0) await nextTurn();
      }
    } finally {
      closeDirectory(staging);
    }
    rmdirSync(native(root.base + name));
  } finally {
    closeDirectory(root);
  }
}

function taken(child: string, target: string, operation: string): LifeboatError {
  return new LifeboatError({
    code: "CONFLICT",
    operation,
    message: `${target} was empty when the restore began, but now holds ${child}.`,
    key: child,
    hint: "Stop what writes there, and restore again.",
  });
}
