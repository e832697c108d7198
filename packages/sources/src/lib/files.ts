import { isAbsolute, relative, resolve, sep } from "node:path";
import { invalid } from "./errors.ts";
import { createFilter, outermost, overlap } from "./filter.ts";
import { chosenFolders, chosenPaths, commonMembers, type NamedSource } from "./options.ts";
import { type TreeOptions, treeMethods } from "./tree-source.ts";

/** Options of {@link files}. */
export interface FilesOptions extends TreeOptions {
  /** What the paths count from, and are restored to. Default: the working directory at the time the source is made. */
  readonly base?: string | undefined;
  /** Files, and directories with all that is in them; relative to the base, or absolute beneath it. */
  readonly paths: readonly string[] | (() => readonly string[] | Promise<readonly string[]>);
  /** Patterns on entry paths: what they match is left out. */
  readonly exclude?: readonly string[] | undefined;
}

/**
 * Chosen files and directories beneath a base. One that is not there is reported as a
 * problem, and the rest is taken; if none is there, `entries` throws NOT_FOUND.
 *
 * @throws INVALID for an id, a path or a pattern that cannot be used
 */
export function files<const Id extends string>(id: Id, options: FilesOptions): NamedSource<Id> {
  const operation = "source.files";
  const root = resolve(options.base ?? ".");
  const { exclude, paths } = options;
  createFilter({ exclude }, operation);
  if (typeof paths !== "function") listed(paths, root, operation);

  async function list(): Promise<string[]> {
    return listed(typeof paths === "function" ? await paths() : paths, root, operation);
  }

  const tree = {
    root,
    operation,
    missingFolder: "report" as const,
    wholeFilter: async () => ({ exclude, folders: await list() }),
    async backupFilter(context: Parameters<typeof chosenFolders>[0]) {
      const all = await list();
      const folders = chosenFolders(context, { exclude, folders: all }, operation);
      return { exclude, folders: overlap(all, folders) };
    },
  };
  return { ...commonMembers(id, options), ...treeMethods(tree, options) };
}

function listed(paths: readonly string[], root: string, operation: string): string[] {
  if (paths.length === 0) throw invalid(operation, "The list of files is empty, so there is nothing to back up.");
  const entryPaths = paths.map((path) => (isAbsolute(path) ? relative(root, path).split(sep).join("/") : path));
  return outermost(chosenPaths(entryPaths, operation));
}
