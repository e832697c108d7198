import { readFile, realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { LifeboatError } from "@lifeboat/contracts";
import { errnoOf } from "./errors.ts";
import { type Mount, mountOf, mountsOf, ofTheSystem } from "./mountinfo.ts";
import type { Settings } from "./options.ts";

/**
 * Checks that the disk is there.
 *
 * @throws UNREACHABLE where it is not mounted
 */
export async function assertMounted({ root, requireMount }: Settings, operation: string): Promise<void> {
  if (requireMount === false) return;
  const place = await nearestExisting(root);
  const mounts = await readMounts();
  if (mounts === null) {
    if (await onAnotherDevice(place)) return;
    throw notMounted(root, operation, "it lies on the system's own disk");
  }
  const mount = mountOf(place, mounts);
  if (typeof requireMount === "string") {
    const wanted = await nearestExisting(requireMount);
    if (mount.type !== "autofs" && mount.point === wanted) return;
    throw notMounted(root, operation, `it lies on the mount ${mount.point}, not on ${requireMount}`);
  }
  if (!ofTheSystem(mount)) return;
  throw notMounted(root, operation, `it lies on ${mount.point} (${mount.type}), which is the system's own`);
}

function notMounted(root: string, operation: string, found: string): LifeboatError {
  return new LifeboatError({
    code: "UNREACHABLE",
    operation,
    message: `Expected a mounted disk at ${root}, but ${found}.`,
    hint: "The disk is not mounted: plug it in, mount it, and run again. Nothing was written.",
    retryable: true,
  });
}

/** The real path of the innermost folder on the way that exists. */
export async function nearestExisting(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const errno = errnoOf(error);
    const up = dirname(path);
    if ((errno !== "ENOENT" && errno !== "ENOTDIR") || up === path) throw error;
    return nearestExisting(up);
  }
}

/** Every mount of this process, in the order they were made, or `null` where the system keeps no such list. */
async function readMounts(): Promise<readonly Mount[] | null> {
  try {
    return mountsOf(await readFile("/proc/self/mountinfo", "utf8"));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

async function onAnotherDevice(path: string): Promise<boolean> {
  return (await stat(path)).dev !== (await stat("/")).dev;
}
