import { readFileSync, realpathSync } from "node:fs";
import { pathFromBytes } from "@lifeboat/contracts";
import { errnoOf } from "../errors.ts";
import type { Directory } from "./directory.ts";
import { native } from "./names.ts";

/**
 * Whether something is mounted beneath `name`, bind mounts included. Where the system
 * keeps no `/proc/self/mountinfo` (proc_pid_mountinfo(5)) nothing is known of it.
 */
export function holdsMount(parent: Directory, name: string): boolean {
  try {
    const path = pathFromBytes(realpathSync.native(native(parent.base + name), "buffer"));
    const lines = pathFromBytes(readFileSync("/proc/self/mountinfo")).split("\n");
    return lines.some((line) => unescapeOctal(line.split(" ")[4] ?? "").startsWith(`${path}/`));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** Spaces and the like; they are ASCII. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
