import {
  type BackupContext,
  entryPathProblem,
  isSourceId,
  type Json,
  LifeboatError,
  type RestoreCheck,
  type RestoreCheckContext,
  type Source,
  type SourceHooks,
} from "@lifeboat/contracts";
import { invalid } from "./errors.ts";
import { createFilter, decidePath, type FilterOptions, outermost } from "./filter.ts";

/** What every built-in source takes. */
export interface CommonOptions {
  /** For people. Default: the id. */
  readonly title?: string | undefined;
  /** The version of the data's layout. */
  readonly version?: string | undefined;
  /** Whether it may have lost all of its entries since the last backup; otherwise that fails a backup. Default: `false`. */
  readonly mayBeEmpty?: boolean | undefined;
  /** Called around runs, to pause and resume what uses the data. */
  readonly hooks?: SourceHooks | undefined;
  /** The host's own columns, kept with the backup. */
  readonly describe?: ((context: BackupContext) => Promise<Readonly<Record<string, Json>>>) | undefined;
  /** The host's own conditions before a restore, besides those that the source checks itself. */
  readonly check?: ((context: RestoreCheckContext) => Promise<readonly RestoreCheck[]>) | undefined;
  /** After a restore drill into `directory`: does the data make sense? */
  readonly validate?:
    | ((context: RestoreCheckContext, directory: string) => Promise<readonly RestoreCheck[]>)
    | undefined;
}

/** A source whose type tells its id, so that a misspelt one does not compile. */
export interface NamedSource<Id extends string> extends Source {
  readonly id: Id;
}

/** The members of a source that are the host's own, passed through. */
export function commonMembers<const Id extends string>(
  id: Id,
  options: CommonOptions,
): Pick<NamedSource<Id>, "id" | "title" | "version" | "mayBeEmpty" | "hooks" | "describe" | "validate"> {
  if (!isSourceId(id)) {
    throw invalid(
      "source",
      `The source id ${JSON.stringify(id)} is not of the form [a-z0-9][a-z0-9-]*, up to 64 long.`,
    );
  }
  const { title, version, mayBeEmpty, hooks } = options;
  return {
    id,
    ...(title === undefined ? {} : { title }),
    ...(version === undefined ? {} : { version }),
    ...(mayBeEmpty === undefined ? {} : { mayBeEmpty }),
    ...(hooks === undefined ? {} : { hooks }),
    ...(options.describe === undefined ? {} : { describe: options.describe }),
    ...(options.validate === undefined ? {} : { validate: options.validate }),
  };
}

/**
 * Entry paths that a caller chose, checked; a slash at the end is allowed.
 *
 * @throws INVALID
 */
export function chosenPaths(paths: readonly string[], operation: string): string[] {
  return paths.map((path) => {
    const clean = path.replace(/\/+$/, "");
    const problem = entryPathProblem(clean);
    if (problem === null) return clean;
    throw new LifeboatError({
      code: "INVALID",
      operation,
      message: `${JSON.stringify(path)} cannot be chosen: ${problem}.`,
      key: path,
      hint: "Choose entries as paths relative to the source.",
    });
  });
}

/**
 * The folders that a backup is limited to, none inside another.
 *
 * @throws INVALID for one that the source would leave out anyway
 */
export function chosenFolders(
  { folders }: BackupContext,
  options: FilterOptions,
  operation: string,
): readonly string[] | undefined {
  if (folders === undefined) return undefined;
  const list = outermost(chosenPaths(folders, operation));
  const filter = createFilter(options, operation);
  for (const folder of list) {
    if (decidePath(filter, folder, true) === null) throw leftOut(folder, operation);
  }
  return list;
}

function leftOut(folder: string, operation: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation,
    message: `${folder} was chosen, but the source's own patterns, sections or list leave it out.`,
    key: folder,
    hint: "Choose another folder, or change what the source takes.",
  });
}
