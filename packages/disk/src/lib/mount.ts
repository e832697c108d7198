import { readFileSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { LifeboatError, pathFromBytes } from "@lifeboat/contracts";
import { type Mount, mountOf, mountsOf, ofTheSystem } from "./mountinfo.ts";

/**
 * Checks that a disk is there. With `true` the path has to lie on a mount point that is not
 * one of the system's own (`/`, `/run`, `/tmp` and what lies under `/dev`, `/proc`, `/sys`); with
 * a path, exactly that has to be a mount point, and what is asked about to lie on it.
 *
 * @throws UNREACHABLE where it is not mounted
 */
export async function expectMounted(path: string, requireMount: boolean | string, operation: string): Promise<void> {
  if (requireMount === false) return;
  const place = await nearestExisting(path);
  const mounts = readMounts();
  if (mounts === null) {
    if (await onAnotherDevice(place)) return;
    throw notMounted(path, operation, "it lies on the system's own disk");
  }
  const mount = mountOf(place, mounts);
  if (typeof requireMount === "string") {
    const wanted = await nearestExisting(requireMount);
    if (mount.type !== "autofs" && mount.point === wanted) return;
    throw notMounted(path, operation, `it lies on the mount ${mount.point}, not on ${requireMount}`);
  }
  if (!ofTheSystem(mount)) return;
  throw notMounted(path, operation, `it lies on ${mount.point} (${mount.type}), which is the system's own`);
}

function notMounted(path: string, operation: string, found: string): LifeboatError {
  return new LifeboatError({
    code: "UNREACHABLE",
    operation,
    reason: "not-mounted",
    message: `Expected a mounted disk at ${path}, but ${found}.`,
    hint: "The disk is not mounted: plug it in, mount it, and run again. Nothing was written.",
    retryable: true,
  });
}

/** The real path of the innermost folder on the way that exists. */
export async function nearestExisting(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const up = dirname(path);
    if ((!isErrno(error, "ENOENT") && !isErrno(error, "ENOTDIR")) || up === path) throw error;
    return nearestExisting(up);
  }
}

/**
 * Every mount of this process, bind mounts included, in the order they were made, or
 * `null` where the system keeps no such list.
 */
export function readMounts(): readonly Mount[] | null {
  try {
    return mountsOf(pathFromBytes(readFileSync("/proc/self/mountinfo")));
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}

async function onAnotherDevice(path: string): Promise<boolean> {
  return (await stat(path)).dev !== (await stat("/")).dev;
}

function isErrno(error: unknown, errno: string): boolean {
  return error instanceof Error && "code" in error && error.code === errno;
}
