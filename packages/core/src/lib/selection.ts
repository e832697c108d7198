import type { EntryInfo } from "@lifeboat/contracts";
import type { Patterns } from "./patterns.ts";

/**
 * Which entries of a part are restored, and as what. A directory above a selected
 * entry comes along. A hard link whose target is not selected takes the target's
 * place: it is restored as a file, with the content that lies under the target.
 */
export interface Selection {
  /** Whether an entry has to be read at all. */
  needs(entry: EntryInfo): boolean;
  /** Begins a pass: answers for each entry, in order, what it is restored as; nothing where it is left out. */
  pass(): (entry: EntryInfo) => readonly EntryInfo[];
  /** The patterns that matched nothing. */
  readonly unmatched: readonly string[];
  /** How many entries were selected, and their bytes of content; directories above them do not count. */
  readonly entries: number;
  readonly bytes: number;
  /** All that is restored, in the order of a pass, where that is little; else `null`. */
  readonly kept: readonly EntryInfo[] | null;
}

/** So many entries are kept at most, so that they need not be looked for again. */
const KEPT = 2000;

/** What a first pass over the entries learns. */
interface Findings {
  readonly matched: Set<number>;
  /** The directories above what is selected. */
  readonly parents: Set<string>;
  /** By the path of an unselected target: the first selected link to it, which takes its place. */
  readonly heirs: Map<string, string>;
  readonly kept: Kept;
  entries: number;
  bytes: number;
}

/**
 * Finds out what patterns select. The entries are read once, and once more where
 * a hard link has to take its target's place. Memory grows with the directories
 * above what is selected, not with the entries.
 */
export async function selectEntries(patterns: Patterns, entries: () => AsyncIterable<EntryInfo>): Promise<Selection> {
  const found = await findSelected(patterns, entries());
  const above = found.heirs.size === 0 ? new Map<string, EntryInfo>() : await directoriesAbove(found, entries());
  const wanted = (path: string) => found.parents.has(path) || patterns.matches(path).length > 0;

  function pass(): (entry: EntryInfo) => readonly EntryInfo[] {
    const done = new Set<string>(); // of the directories above heirs, which may have to come before their turn
    return (entry) => {
      const heir = found.heirs.get(entry.path);
      if (heir !== undefined) {
        const first = ancestors(heir).flatMap((path) => above.get(path) ?? []);
        const due = first.filter(({ path }) => !done.has(path));
        for (const { path } of due) done.add(path);
        return [...due, { ...entry, path: heir }];
      }
      if (!wanted(entry.path) || done.has(entry.path)) return [];
      if (above.has(entry.path)) done.add(entry.path);
      const target = entry.type === "hardlink" ? found.heirs.get(entry.target ?? "") : undefined;
      if (target === undefined) return [entry];
      return target === entry.path ? [] : [{ ...entry, target }];
    };
  }

  return {
    needs: ({ path }) => found.heirs.has(path) || wanted(path),
    pass,
    unmatched: patterns.texts.filter((_, i) => !found.matched.has(i)),
    entries: found.entries,
    bytes: found.bytes,
    kept: found.heirs.size === 0 ? found.kept.entries : null,
  };
}

async function findSelected(patterns: Patterns, entries: AsyncIterable<EntryInfo>): Promise<Findings> {
  const found: Findings = {
    matched: new Set(),
    parents: new Set(),
    heirs: new Map(),
    kept: new Kept(),
    entries: 0,
    bytes: 0,
  };
  for await (const entry of entries) {
    const { path, type, target, size } = entry;
    if (type === "directory") found.kept.enter(entry);
    const hits = patterns.matches(path);
    if (hits.length === 0) continue;
    found.entries += 1;
    found.bytes += size;
    found.kept.add(entry);
    for (const hit of hits) found.matched.add(hit);
    for (const parent of ancestors(path)) found.parents.add(parent);
    if (type !== "hardlink" || target === undefined || found.heirs.has(target)) continue;
    if (patterns.matches(target).length === 0) found.heirs.set(target, path);
  }
  return found;
}

/** What is selected, and the directories above it, as long as that is little and each directory comes just before what is in it. */
class Kept {
  /** The directories that the walk is in. */
  readonly #above: EntryInfo[] = [];
  readonly #added = new Set<string>();
  #entries: EntryInfo[] | null = [];

  get entries(): readonly EntryInfo[] | null {
    return this.#entries;
  }

  enter(directory: EntryInfo): void {
    if (this.#entries === null) return;
    this.#leave(directory.path);
    this.#above.push(directory);
  }

  add(entry: EntryInfo): void {
    if (this.#entries === null) return;
    this.#leave(entry.path);
    const above = this.#above.filter(({ path }) => path !== entry.path);
    const isWhole = above.length === ancestors(entry.path).length;
    const added = [...above, entry].filter(({ path }) => !this.#added.has(path));
    if (!isWhole || this.#entries.length + added.length > KEPT) {
      this.#entries = null;
      return;
    }
    for (const each of added) this.#added.add(each.path);
    this.#entries.push(...added);
  }

  #leave(path: string): void {
    for (let last = this.#above.at(-1); last !== undefined; last = this.#above.at(-1)) {
      if (path === last.path || path.startsWith(`${last.path}/`)) return;
      this.#above.pop();
    }
  }
}

/** The directories above the links that take their target's place, as the backup knows them. */
async function directoriesAbove(
  { heirs }: Findings,
  entries: AsyncIterable<EntryInfo>,
): Promise<Map<string, EntryInfo>> {
  const wanted = new Set([...heirs.values()].flatMap(ancestors));
  const infos = new Map<string, EntryInfo>();
  for await (const entry of entries) if (wanted.has(entry.path)) infos.set(entry.path, entry);
  return infos;
}

/** The paths of the directories above a path, from the top down. */
function ancestors(path: string): string[] {
  const paths: string[] = [];
  for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) paths.push(path.slice(0, slash));
  return paths;
}
