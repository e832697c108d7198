import { resolve } from "node:path";
import { type BackupContext, LifeboatError, type Source } from "@lifeboat/contracts";
import { invalid } from "./errors.ts";
import type { ExtractLimits } from "./extract/guard.ts";
import { createFilter, type FilterOptions, outermost, type SectionOptions } from "./filter.ts";
import { type CommonOptions, chosenPaths, commonMembers } from "./options.ts";
import { restoreTree } from "./restore-tree.ts";
import { treeEntries } from "./walk/entries.ts";

/** Options of {@link directory}. */
export interface DirectoryOptions extends CommonOptions {
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
  /**
   * Whether symbolic links are replaced by what they lead to. Default: `false`, links are
   * kept as links. With `true`, a link that leads nowhere or around in a circle is still kept.
   */
  readonly followLinks?: boolean | undefined;
  /** Whether directories on other file systems are kept, but not entered. Default: `false`. */
  readonly oneFileSystem?: boolean | undefined;
  /** Caps on what one restore may make. Default: none. */
  readonly limits?: ExtractLimits | undefined;
  /** Worker threads. `false` works on the calling thread. Default: `true`. */
  readonly threads?: boolean | undefined;
}

/**
 * A directory and all that is in it: files, directories, symbolic and hard links, with
 * modes, owners and times. What cannot be read is reported, and the rest is taken.
 *
 * @throws INVALID for an id, a path or a pattern that cannot be used
 */
export function directory(id: string, options: DirectoryOptions): Source {
  const members = commonMembers(id, options);
  const operation = "source.directory";
  if (typeof options.path !== "string" || options.path === "") {
    throw invalid(operation, `The source ${id} has no path.`, "Pass { path }, the directory to back up.");
  }
  const root = resolve(options.path);
  const { include, exclude, sections, followLinks = false, oneFileSystem = false } = options;
  const filter: FilterOptions = { include, exclude, sections };
  createFilter(filter, operation); // so that a bad pattern shows here, not in the night

  return {
    ...members,
    async *entries(context) {
      const chosen = chosenSections(context, sections ?? {}, operation);
      const folders = chosenFolders(context, { ...filter, chosen }, operation);
      const walking = {
        root,
        followLinks,
        oneFileSystem,
        operation,
        missingFolder: "fail" as const,
        filter: { ...filter, chosen, folders },
      };
      yield* treeEntries(walking, context, options.threads);
    },
    restore: (context, entries) =>
      restoreTree(context, entries, { root, filter, oneFileSystem, operation, ...pick(options) }),
  };
}

function pick({ limits, threads }: DirectoryOptions): { limits?: ExtractLimits; threads?: number } {
  return { ...(limits === undefined ? {} : { limits }), ...(threads === false ? { threads: 0 } : {}) };
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

/** The chosen folders, none inside another, none that the source would leave out anyway. */
function chosenFolders(
  { folders }: BackupContext,
  options: FilterOptions,
  operation: string,
): readonly string[] | undefined {
  if (folders === undefined) return undefined;
  const list = outermost(chosenPaths(folders, operation));
  const filter = createFilter(options, operation);
  for (const folder of list) {
    let inherited = filter.top;
    const names = folder.split("/");
    for (let depth = 1; depth <= names.length; depth++) {
      const verdict = filter.decide(names.slice(0, depth).join("/"), true, inherited);
      if (verdict === null || (!verdict.enter && depth < names.length)) throw leftOut(folder, operation);
      inherited = verdict;
    }
  }
  return list;
}

function leftOut(folder: string, operation: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation,
    message: `${folder} was chosen, but the source's own patterns or sections leave it out.`,
    key: folder,
    hint: "Choose another folder, or change the source's include, exclude or sections.",
  });
}
