import type { Glob } from "./glob.ts";
import { compileGlob } from "./glob.ts";

/** A named share of a source, chosen when a backup is made. */
export interface SectionOptions {
  /** What belongs to it: patterns on entry paths. An entry belongs to the first section that matches it. */
  readonly include: readonly string[];
  /** `false`: taken whatever is chosen. Default: `true`. */
  readonly optional?: boolean;
}

/** What a filter is made from; plain data, so that it can be handed to a worker. */
export interface FilterOptions {
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly sections?: Readonly<Record<string, SectionOptions>> | undefined;
  /** The sections that were chosen; absent for all. */
  readonly chosen?: readonly string[] | undefined;
  /** Limits it to these entries and what is beneath them. */
  readonly folders?: readonly string[] | undefined;
  /** Limits it further, to what these patterns match and what is beneath that. */
  readonly select?: readonly string[] | undefined;
}

/** What is settled for everything beneath a directory. */
export interface Inherited {
  readonly inFolder: boolean;
  readonly included: boolean;
  readonly selected: boolean;
  readonly section: string | undefined;
}

/** What a filter says of one entry. */
export interface Verdict extends Inherited {
  /** Whether the entry is wanted for itself. A directory on the way to one that is comes along. */
  readonly take: boolean;
  /** Whether anything beneath a directory can be wanted. */
  readonly enter: boolean;
}

/** Decides what of a tree is wanted, from the top down. */
export interface Filter {
  readonly top: Inherited;
  /** `null` where neither the entry nor anything beneath it is wanted. */
  decide(path: string, isDirectory: boolean, inherited: Inherited): Verdict | null;
}

/** What a filter says of a path from the top down; `null` where it, or a directory above it, is left out. */
export function decidePath(filter: Filter, path: string, isDirectory: boolean): Verdict | null {
  for (let inherited = filter.top, slash = path.indexOf("/"); ; slash = path.indexOf("/", slash + 1)) {
    if (slash < 0) return filter.decide(path, isDirectory, inherited);
    const verdict = filter.decide(path.slice(0, slash), true, inherited);
    if (verdict?.enter !== true) return null;
    inherited = verdict;
  }
}

/** Cheap check that needs no `stat`: whether a path can be wanted, by the chosen folders alone. */
export function onTheWay(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => folder === path || folder.startsWith(`${path}/`));
}

/**
 * Compiles a filter.
 *
 * @throws INVALID for a pattern that cannot be used
 */
export function createFilter(options: FilterOptions, operation: string): Filter {
  const compile = (patterns: readonly string[] | undefined) =>
    patterns?.map((pattern) => compileGlob(pattern, operation)) ?? null;
  const include = compile(options.include);
  const exclude = compile(options.exclude) ?? [];
  const select = compile(options.select);
  const sections = Object.entries(options.sections ?? {}).map(([name, section]) => ({
    name,
    globs: compile(section.include) ?? [],
    wanted: section.optional === false || options.chosen === undefined || options.chosen.includes(name),
  }));
  const inclusive = [...(include ?? []), ...sections.flatMap(({ globs }) => globs)];
  const list = options.folders ?? [];
  const folders = options.folders === undefined ? null : new Set(list);

  return {
    top: {
      inFolder: folders === null,
      included: include === null,
      selected: select === null,
      section: undefined,
    },
    decide(path, isDirectory, inherited) {
      const inFolder = inherited.inFolder || (folders?.has(path) ?? true);
      if (!inFolder && !(isDirectory && folders !== null && onTheWay(path, list))) return null;
      if (exclude.some((glob) => glob.matches(path, isDirectory))) return null;

      let { section } = inherited;
      if (section === undefined) {
        const found = sections.find(({ globs }) => globs.some((glob) => hits(glob, path, isDirectory)));
        if (found?.wanted === false) return null;
        section = found?.name;
      }
      const included =
        inherited.included || section !== undefined || (include?.some((glob) => hits(glob, path, isDirectory)) ?? true);
      const selected = inherited.selected || (select?.some((glob) => hits(glob, path, isDirectory)) ?? true);
      if (!isDirectory && !(included && selected)) return null;

      const enter =
        isDirectory &&
        (included || inclusive.some((glob) => glob.mayMatchBeneath(path))) &&
        (selected || (select ?? []).some((glob) => glob.mayMatchBeneath(path))) &&
        !exclude.some((glob) => glob.matchesBeneath(path));
      const take = inFolder && included && selected;
      return take || enter ? { inFolder, included, selected, section, take, enter } : null;
    },
  };
}

function hits(glob: Glob, path: string, isDirectory: boolean): boolean {
  return glob.matches(path, isDirectory) || (isDirectory && glob.matchesBeneath(path));
}

/** Folders without those that lie in another of them, in the order of their paths. */
export function outermost(folders: readonly string[]): string[] {
  const sorted = [...new Set(folders)].sort();
  const kept = new Set<string>();
  return sorted.filter((folder) => {
    for (let slash = folder.indexOf("/"); slash > 0; slash = folder.indexOf("/", slash + 1)) {
      if (kept.has(folder.slice(0, slash))) return false;
    }
    kept.add(folder);
    return true;
  });
}

/** What two limits leave together; absent ones limit nothing. */
export function overlap(
  one: readonly string[] | undefined,
  other: readonly string[] | undefined,
): readonly string[] | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const within = (inner: string, outer: string) => inner === outer || inner.startsWith(`${outer}/`);
  const both = one.flatMap((a) => other.flatMap((b) => (within(a, b) ? [a] : within(b, a) ? [b] : [])));
  return outermost(both);
}
