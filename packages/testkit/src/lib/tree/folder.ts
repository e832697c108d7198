import { closeSync, constants, existsSync, openSync } from "node:fs";
import { pathToBytes } from "@lifeboat/contracts";

const FDS = "/proc/self/fd";
const linux = existsSync(FDS);

/** An open directory, through which names in it are reached however long its path is. */
export interface Folder extends Disposable {
  /** The path of the folder, good while it is open. */
  readonly path: Buffer;
  /** The path of a name in it; raw bytes escaped as entry paths are. */
  at(name: string): Buffer;
}

/** Opens a directory itself, never one that a link leads to. */
export function openFolder(path: Buffer | string): Folder {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  const base = linux ? Buffer.from(`${FDS}/${fd}`) : Buffer.from(path);
  return {
    path: base,
    at: (name) => Buffer.concat([base, Buffer.from("/"), pathToBytes(name)]),
    [Symbol.dispose]: () => closeSync(fd),
  };
}

/** Opens the folder that a path in another one names, and hands it to `use` with the last segment. */
export function within<T>(root: Folder, path: string, use: (folder: Folder, name: string) => T): T {
  const cut = path.indexOf("/");
  if (cut === -1) return use(root, path);
  using next = openFolder(root.at(path.slice(0, cut)));
  return within(next, path.slice(cut + 1), use);
}
