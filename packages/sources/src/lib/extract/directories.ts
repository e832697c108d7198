import type { Dress } from "./protocol.ts";

interface Listed {
  readonly path: string;
  readonly dress: Dress;
  readonly depth: number;
}

/** The directories of a restore, which get their modes and times when nothing in them changes any more. */
export class DirectoryList {
  readonly #listed: Listed[] = [];

  add(path: string, dress: Dress): void {
    this.#listed.push({ path, dress, depth: path.split("/").length });
  }

  /** What lies in a directory comes before it: afterwards it may be closed to its owner. */
  deepestFirst(): Iterable<{ readonly path: string; readonly dress: Dress }> {
    return this.#listed.sort((a, b) => b.depth - a.depth);
  }
}
