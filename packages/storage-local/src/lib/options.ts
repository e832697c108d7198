import { resolve } from "node:path";
import { LifeboatError } from "@lifeboat/contracts";

/** Options of {@link localStorage}. */
export interface LocalStorageOptions {
  /** The directory. Made with the first put where it does not exist. A relative path is taken from the directory that the process is in now. */
  readonly path: string;
  /** For messages. Default: the path. */
  readonly name?: string;
  /**
   * Refuses to work, with `UNREACHABLE`, while the disk is not mounted, so that an
   * unplugged disk neither fills the system's own nor passes for an empty site.
   * - `true`: the path lies on a mount point that is not one of the system's own
   *   (`/`, `/run`, `/tmp` and what lies under `/dev`, `/proc`, `/sys`)
   * - a path: exactly this is a mount point, and the storage lies on it; for disks
   *   that are mounted beneath another mount, such as a `/home` of its own
   *
   * Default: `false`.
   */
  readonly requireMount?: boolean | string;
  /**
   * - `always`: a put resolves when its bytes and its name would survive a power failure
   * - `never`: leaves that to the system; puts are still whole or absent for everyone who reads
   *
   * Default: `always`.
   */
  readonly sync?: "always" | "never";
}

/** Options with nothing left open. */
export interface Settings {
  readonly root: string;
  readonly name: string;
  readonly requireMount: boolean | string;
  readonly durable: boolean;
}

/** @throws INVALID */
export function settingsOf(options: LocalStorageOptions): Settings {
  const { path, name, requireMount = false, sync = "always" } = options;
  if (path === "" || path.includes("\0")) {
    throw new LifeboatError({
      code: "INVALID",
      operation: "storage.open",
      message: `Expected the path of a directory, found ${JSON.stringify(path)}.`,
    });
  }
  const root = resolve(path);
  return {
    root,
    name: name ?? root,
    requireMount: typeof requireMount === "string" ? resolve(requireMount) : requireMount,
    durable: sync === "always",
  };
}
