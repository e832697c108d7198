import { chmodSync, fchmodSync, fchownSync, futimesSync, lchownSync, lutimesSync } from "node:fs";
import { reasonOf } from "../errors.ts";
import { systemTime } from "../fs/times.ts";
import type { Dress } from "./protocol.ts";

const SPECIAL = 0o7000;
type Failed = (what: string) => void;

/** Sets owner, mode and times of an open file or directory. What the file system refuses is told, not thrown. */
export function dressOpen(fd: number, dress: Dress, failed: Failed): void {
  const owned = attempt("its owner", failed, () => {
    if (dress.uid >= 0 || dress.gid >= 0) fchownSync(fd, dress.uid, dress.gid);
  });
  // a set-user-id bit under another owner would lend out the wrong rights
  attempt("its mode", failed, () => fchmodSync(fd, owned ? dress.mode : dress.mode & ~SPECIAL));
  const time = systemTime(dress.mtimeMs);
  attempt("its time", failed, () => futimesSync(fd, time, time));
}

/** The same for a symbolic link, which has no mode of its own; never for what it leads to. */
export function dressLink(at: string | Buffer, dress: Dress, failed: Failed): void {
  attempt("its owner", failed, () => {
    if (dress.uid >= 0 || dress.gid >= 0) lchownSync(at, dress.uid, dress.gid);
  });
  const time = systemTime(dress.mtimeMs);
  attempt("its time", failed, () => lutimesSync(at, time, time));
}

/** The mode alone, by path: where directories are not held by descriptors. */
export function dressPath(at: string | Buffer, dress: Dress, failed: Failed): void {
  attempt("its mode", failed, () => chmodSync(at, dress.mode & ~SPECIAL));
  const time = systemTime(dress.mtimeMs);
  attempt("its time", failed, () => lutimesSync(at, time, time));
}

function attempt(what: string, failed: Failed, set: () => void): boolean {
  try {
    set();
    return true;
  } catch (error) {
    failed(`${what} could not be set: ${reasonOf(error)}`);
    return false;
  }
}
