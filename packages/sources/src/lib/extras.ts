import { lstat, stat } from "node:fs/promises";
import type { RestoreTarget } from "@lifeboat/contracts";
import { errnoOf } from "./errors.ts";
import type { Restored } from "./extract/extract.ts";
import { type FilterOptions, overlap } from "./filter.ts";
import { native } from "./fs/names.ts";
import { type Look, Spellings } from "./fs/spellings.ts";
import { readScope } from "./scope.ts";
import { walk } from "./walk/walk.ts";

/** Where to look for extras. */
export interface ExtrasOptions {
  readonly root: string;
  readonly filter: FilterOptions;
  readonly oneFileSystem: boolean;
  readonly operation: string;
  readonly threads?: number;
  /** How the file system is asked about spellings. Default: it is asked. */
  readonly look?: Look | undefined;
}

/** What lies in the top folder of every site. */
const SITE_DESCRIPTOR = "lifeboat.json";

/** Something that a replacing restore removes. */
export interface Extra {
  readonly path: string;
  readonly isDirectory: boolean;
}

/**
 * What is there and not in the backup, although the backup would have held it: only
 * beneath what was selected, nothing that the source left out then or leaves out now
 * (no safety backup would hold that), nothing of a section that the backup does not
 * have, nothing that it could not take, and never anything of a site: the backups
 * themselves, made since this one, may lie in what is restored.
 */
export async function* extrasOf(
  restored: Restored,
  target: RestoreTarget & { readonly signal: AbortSignal },
  options: ExtrasOptions,
): AsyncGenerator<Extra, void, undefined> {
  if (target.partial && target.select === undefined && target.folders === undefined) return;
  if (target.spare === true) return;
  const spare = target.spare ?? [];
  if (target.scope === null) return;
  const scope = target.scope && readScope(target.scope);
  if (scope === null) return;
  const { root, filter, operation } = options;
  const oneFileSystem = options.oneFileSystem || scope?.oneFileSystem === true;
  if (await isAbsent(root)) return;
  const walking = {
    root,
    oneFileSystem,
    operation,
    followLinks: false,
    missingFolder: "ignore" as const,
    filter: { ...filter, select: target.select, folders: overlap(filter.folders, target.folders) },
  };
  const report = () => undefined; // what cannot be read or is no file cannot be an extra either
  const thread = options.threads !== 0;
  if (await isSite(root)) return;
  const spellings = new Spellings(root, options.look);
  let site: string | null = null;
  for await (const { path, type, section, wanted } of walk(walking, { signal: target.signal, report, thread })) {
    if (site !== null && path.startsWith(`${site}/`)) continue;
    if (type === "directory" && (await isSite(`${root}/${path}`))) {
      site = path;
      continue;
    }
    if (!wanted || restored.has(path)) continue;
    const isDirectory = type === "directory";
    if (scope === undefined ? section !== "" && !restored.sections.has(section) : !scope.holds(path, isDirectory))
      continue;
    if (spare.some((each) => isWithin(each, path) || isWithin(path, each))) continue;
    if (restored.spellings.has(path) && (await spellings.isOneOfSeveral(path))) continue;
    yield { path, isDirectory };
  }
}

/** Whether `path` is `folder` or lies beneath it. */
function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

async function isSite(directory: string): Promise<boolean> {
  try {
    return (await lstat(native(`${directory}/${SITE_DESCRIPTOR}`))).isFile();
  } catch {
    return false; // not there, or not to be looked into: then nothing can be removed from it either
  }
}

async function isAbsent(path: string): Promise<boolean> {
  try {
    await stat(path);
    return false;
  } catch (error) {
    return errnoOf(error) === "ENOENT"; // anything else, the walk says
  }
}
