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
    return mountsBeneath(pathFromBytes(realpathSync.native(native(parent.base + name), "buffer"))).length > 0;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** The mount points beneath a directory, itself not among them; none where the system keeps no list of them. */
export function mountsBeneath(path: string): string[] {
  const prefix = path === "/" ? path : `${path}/`;
  const points = mountLines().map((line) => unescapeOctal(line.split(" ")[4] ?? ""));
  return [...new Set(points)].filter((point) => point.startsWith(prefix) && point !== path);
}

function mountLines(): string[] {
  try {
    return pathFromBytes(readFileSync("/proc/self/mountinfo")).split("\n");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** Spaces and the like; they are ASCII. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
