import { resolve } from "node:path";
import type { BackupContext } from "@lifeboat/contracts";
import { invalid } from "./errors.ts";
import { createFilter, type FilterOptions, type SectionOptions } from "./filter.ts";
import { chosenFolders, commonMembers, type NamedSource } from "./options.ts";
import { type TreeOptions, treeMethods } from "./tree-source.ts";

/** Options of {@link directory}. */
export interface DirectoryOptions extends TreeOptions {
  /** The directory. Relative ones count from the working directory at the time the source is made. */
  readonly path: string;
  /**
   * Patterns on entry paths: only what they match is taken, with all that is beneath a
   * directory that they match, and the directories on the way to it. Default: everything.
   */
  readonly include?: readonly string[] | undefined;
  /** Patterns on entry paths: what they match is left out; a directory's subtree is not even walked. */
  readonly exclude?: readonly string[] | undefined;
  /** Named shares of it, among which a backup can choose. What no section matches is always taken. */
  readonly sections?: Readonly<Record<string, SectionOptions>> | undefined;
}

/**
 * A directory and all that is in it: files, directories, symbolic and hard links, with
 * modes, owners and times, but not the directory's own. What cannot be read is reported,
 * and the rest is taken.
 *
 * `entries` throws SOURCE_FAILED where the directory is not there, NOT_FOUND or INVALID
 * for a chosen folder that is not. `restore` throws INVALID, CORRUPT or UNSUPPORTED, with
 * the entry's path as `key`, for what no honest backup holds: paths that leave the place,
 * writes through links, devices, a name twice, more content than announced.
 *
 * @throws INVALID for an id, a path or a pattern that cannot be used
 */
export function directory<const Id extends string>(id: Id, options: DirectoryOptions): NamedSource<Id> {
  const operation = "source.directory";
  if (typeof options.path !== "string" || options.path === "") {
    throw invalid(operation, `The source ${id} has no path.`, "Pass { path }, the directory to back up.");
  }
  const { include, exclude, sections } = options;
  const filter: FilterOptions = { include, exclude, sections };
  createFilter(filter, operation); // so that a bad pattern shows here, not in the night

  const tree = {
    root: resolve(options.path),
    operation,
    missingFolder: "fail" as const,
    wholeFilter: () => filter,
    backupFilter(context: BackupContext) {
      const chosen = chosenSections(context, sections ?? {}, operation);
      const folders = chosenFolders(context, { ...filter, chosen }, operation);
      return { ...filter, chosen, folders };
    },
  };
  return { ...commonMembers(id, options), ...treeMethods(tree, options) };
}

function chosenSections(
  { sections }: BackupContext,
  known: Readonly<Record<string, SectionOptions>>,
  operation: string,
): readonly string[] | undefined {
  for (const name of sections ?? []) {
    if (Object.hasOwn(known, name)) continue;
    const names = Object.keys(known).join(", ") || "none";
    throw invalid(operation, `There is no section ${JSON.stringify(name)}; there are: ${names}.`);
  }
  return sections;
}
