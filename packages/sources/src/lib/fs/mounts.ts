import { realpathSync } from "node:fs";
import { pathFromBytes } from "@lifeboat/contracts";
import { readMounts } from "@lifeboat/disk";
import { errnoOf } from "../errors.ts";
import type { Directory } from "./directory.ts";
import { native } from "./names.ts";

/** Whether something is mounted beneath `name`, bind mounts included. Where the system keeps no list nothing is known of it. */
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
  const points = new Set((readMounts() ?? []).map(({ point }) => point));
  return [...points].filter((point) => point.startsWith(prefix) && point !== path);
}
