import { execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "./helpers.ts";

/** A small disk of its own (tmpfs), mounted for one test. Wants root: without, the test fails and says so. */
export interface Disk {
  readonly path: string;
  mount(): void;
  /** Also beneath open files, as when a disk is pulled out. */
  unmount(): void;
  remount(options: string): void;
}

export async function smallDisk(mebibytes: number, parent?: string): Promise<Disk> {
  const path = join(parent ?? (await temporaryDirectory()), "disk");
  await mkdir(path);
  let mounted = false;
  const disk: Disk = {
    path,
    mount() {
      run("mount", "-t", "tmpfs", "-o", `size=${mebibytes}m,mode=0755`, "tmpfs", path);
      mounted = true;
    },
    unmount() {
      run("umount", "--lazy", path);
      mounted = false;
    },
    remount: (options) => run("mount", "-o", `remount,${options}`, path),
  };
  onTestFinished(() => {
    if (mounted) disk.unmount();
  });
  return disk;
}

function run(command: string, ...args: readonly string[]): void {
  try {
    execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  } catch (cause) {
    throw new Error(`This test mounts a disk of its own: run it as root (${command} ${args.join(" ")}).`, { cause });
  }
}
