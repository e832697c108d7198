import { access, constants, stat, statfs } from "node:fs/promises";
import { dirname, isAbsolute, relative, sep } from "node:path";
import type { AppInfo, Manifest, RestoreCheck } from "@lifeboat/contracts";
import { isNewer } from "./versions.ts";

/** Whether the application that made the backup fits the one that restores it. Pure. */
export function checkApp(made: Manifest["app"], app: AppInfo, elsewhere: boolean): RestoreCheck[] {
  const checks: RestoreCheck[] = [];
  if (made.name !== app.name) {
    checks.push({
      level: "warning",
      code: "app-name",
      message: `The backup was made by ${made.name}, not by ${app.name}.`,
    });
  }
  const newer = isNewer(made.version, app.version);
  if (newer === true) {
    checks.push({
      // To another place it is only files.
      level: elsewhere ? "warning" : "error",
      code: "app-version",
      message: `The backup was made by version ${made.version}, which is newer than ${app.version}.`,
      hint: `Update ${app.name} to ${made.version} or later, then restore.`,
    });
  } else if (newer === null) {
    checks.push({
      level: "warning",
      code: "app-version",
      message: `Whether version ${made.version}, which made the backup, is newer than ${app.version} can't be told.`,
    });
  }
  return checks;
}

/** Whether a source's data has a layout that this source knows. Pure. */
export function checkSourceVersion(source: string, made: string | undefined, now: string | undefined): RestoreCheck[] {
  if (made === undefined || now === undefined || made === now) return [];
  const newer = isNewer(made, now) === true;
  return [
    {
      level: newer ? "error" : "info",
      code: "source-version",
      message: `The data of "${source}" has version ${made}, the source has version ${now}.`,
      source,
      ...(newer ? { hint: "Update the application, then restore." } : {}),
    },
  ];
}

/** Where one source goes in place of its own, and whether what else is there is removed. */
export interface Place {
  readonly source: string;
  readonly to: string;
  readonly clears: boolean;
}

/** Whether restoring one source removes what another one has just put there. Pure. */
export function checkOverlap(places: readonly Place[]): RestoreCheck[] {
  const pairs = places.flatMap((outer) => places.map((inner) => ({ outer, inner })));
  const clash = pairs.find(({ outer, inner }) => outer !== inner && outer.clears && isWithin(inner.to, outer.to));
  if (clash === undefined) return [];
  const { outer, inner } = clash;
  return [
    {
      level: "error",
      code: "places-overlap",
      message: `"${inner.source}" goes to ${inner.to}, where "${outer.source}" replaces all there is in ${outer.to}.`,
      source: outer.source,
      hint: "Give each source a directory of its own, or choose the mode merge.",
    },
  ];
}

function isWithin(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return way === "" || !(way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way));
}

/** What goes to a directory. */
export interface Destination {
  readonly source: string;
  readonly to: string;
  readonly bytes: number;
}

/** Whether the directories can be written to, and have room. */
export async function checkDestinations(destinations: readonly Destination[]): Promise<RestoreCheck[]> {
  const checks: RestoreCheck[] = [];
  const needed = new Map<number, { readonly at: string; bytes: number }>();
  for (const { source, to, bytes } of destinations) {
    const at = await nearestExisting(to);
    const found = await stat(at);
    if (!found.isDirectory()) {
      checks.push({ level: "error", code: "not-a-directory", message: `${at} is not a directory.`, source });
      continue;
    }
    if (!(await isWritable(at))) {
      const hint = "Choose another directory, or give this process the right to write there.";
      checks.push({
        level: "error",
        code: "not-writable",
        message: `This process may not write to ${at}.`,
        source,
        hint,
      });
    }
    const entry = needed.get(found.dev) ?? { at, bytes: 0 };
    entry.bytes += bytes;
    needed.set(found.dev, entry);
  }
  for (const { at, bytes } of needed.values()) checks.push(...(await checkSpace(at, bytes)));
  return checks;
}

async function checkSpace(at: string, bytes: number): Promise<RestoreCheck[]> {
  const { bavail, bsize } = await statfs(at);
  const free = bavail * bsize;
  if (free >= bytes) return [];
  const message = `${bytes} bytes are to be written below ${at}, which has room for ${free}.`;
  return [{ level: "error", code: "free-space", message, hint: "Make room, or restore to another place." }];
}

async function nearestExisting(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    try {
      await stat(at);
      return at;
    } catch (error) {
      const absent = error instanceof Error && "code" in error && error.code === "ENOENT";
      if (!absent || dirname(at) === at) throw error;
    }
  }
}

async function isWritable(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false; // why, the restore itself would say
  }
}
