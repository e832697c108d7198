import { createHash, randomBytes } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

/** The start of a temporary name: where its process runs, and which one it is. */
export interface Owner {
  /** Names the boot and the process namespace that the process id counts in. */
  readonly realm: string;
  readonly pid: number;
}

let realm: Promise<string> | undefined;

/** This process. */
export async function ownOwner(): Promise<Owner> {
  realm ??= findRealm();
  return { realm: await realm, pid: process.pid };
}

/** A name that no other put has, on any machine. */
export function temporaryName({ realm, pid }: Owner): string {
  return `${realm}-${pid}-${randomBytes(8).toString("hex")}`;
}

/** Who made a temporary name, or `null` where it is not one. */
export function ownerOf(name: string): Owner | null {
  const [, realm, pid] = /^([0-9a-f]{12})-(\d+)-[0-9a-f]{16}$/.exec(name) ?? [];
  return realm === undefined || pid === undefined ? null : { realm, pid: Number(pid) };
}

/** Whether the process is proven dead. Of another machine or container, nothing is known from here. */
export function isDead(owner: Owner, self: Owner): boolean {
  if (owner.realm !== self.realm || owner.pid === self.pid) return false;
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

async function findRealm(): Promise<string> {
  const parts = await Promise.all([
    // Absent where there is no such /proc: then the host's name alone has to do.
    readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => ""),
    readlink("/proc/self/ns/pid").catch(() => ""),
  ]);
  return createHash("sha256")
    .update([hostname(), ...parts].join("\n"))
    .digest("hex")
    .slice(0, 12);
}
