import type { EntryInfo } from "@lifeboat/contracts";
import type { Restored } from "./extract/extract.ts";
import { FILE, PARENT, PathMap } from "./fs/path-map.ts";
import { FoldedPaths } from "./fs/spellings.ts";
import { parentPath } from "./fs/split.ts";

/** Remembers entries as they go by: their paths, the directories they lie in, and their sections. */
export class SeenEntries implements Restored {
  readonly #paths = new PathMap();
  readonly spellings = new FoldedPaths();
  readonly sections = new Set<string>();

  has(path: string): boolean {
    return this.#paths.get(path) !== undefined;
  }

  async *watch(entries: AsyncIterable<EntryInfo>): AsyncGenerator<EntryInfo, void, undefined> {
    for await (const entry of entries) {
      this.#paths.set(entry.path, FILE);
      this.spellings.add(entry.path);
      for (let path = parentPath(entry.path); path !== "" && !this.has(path); path = parentPath(path)) {
        this.#paths.set(path, PARENT);
      }
      if (entry.section !== undefined) this.sections.add(entry.section);
      yield entry;
    }
  }
}
