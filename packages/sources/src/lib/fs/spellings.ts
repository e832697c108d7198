import { lstat, readdir } from "node:fs/promises";
import { pathFromBytes } from "@lifeboat/contracts";
import { errnoOf } from "../errors.ts";
import { native } from "./names.ts";
import { FILE, PathMap } from "./path-map.ts";
import { baseName, parentPath } from "./split.ts";

const BEYOND_ASCII = /[^\0-\x7f]/;

/**
 * One text for all spellings of a path that some file system takes for the same name:
 * of upper and lower case, and of accents composed or not. Generous: what it tells
 * apart no file system takes for one, what it does not some may still tell apart.
 */
export function folded(path: string): string {
  if (!BEYOND_ASCII.test(path)) return path.toLowerCase();
  return path.normalize("NFKD").toUpperCase().toLowerCase().normalize("NFKD");
}

/** Remembers paths, and the directories above them, whatever their spelling. */
export class FoldedPaths {
  readonly #paths = new PathMap();
  #lastParent = "";

  /** Whether the path, or another spelling of it, was added or lies above one that was. */
  has(path: string): boolean {
    return this.#paths.get(folded(path)) !== undefined;
  }

  /** Answers whether another spelling of it was there already. */
  add(path: string): boolean {
    const text = folded(path);
    const known = this.#paths.get(text) !== undefined;
    this.#paths.set(text, FILE);
    const nearest = parentPath(text);
    if (nearest === this.#lastParent) return known;
    for (let parent = nearest; parent !== "" && this.#paths.get(parent) === undefined; parent = parentPath(parent)) {
      this.#paths.set(parent, FILE);
    }
    this.#lastParent = nearest;
    return known;
  }
}

/** What is asked of a file system. */
export interface Look {
  /** Which file or directory a path leads to, never through a link at its end; `null` where there is none. */
  identity(path: string): Promise<string | null>;
  /** The names in a directory, as they are stored. */
  names(directory: string): Promise<readonly string[]>;
}

/**
 * Finds out which directories take several spellings for one name. It is a property
 * of each directory (ext4 and tmpfs with `casefold`, NTFS) or of a whole file system
 * (vfat, APFS, network shares), and not to be told from the file system's type: so
 * it is tried, with names that are there.
 */
export class Spellings {
  readonly #root: string;
  readonly #look: Look;
  readonly #folding = new Map<string, boolean>();

  constructor(root: string, look: Look = system) {
    this.#root = root;
    this.#look = look;
  }

  /** Whether what is at this path may be reached by another spelling of it. Where that can't be told, it may. */
  async isOneOfSeveral(path: string): Promise<boolean> {
    for (let at = path; at !== ""; at = parentPath(at)) {
      if (await this.#isFolding(at)) return true;
    }
    return false;
  }

  async #isFolding(path: string): Promise<boolean> {
    const directory = parentPath(path);
    const known = this.#folding.get(directory);
    if (known !== undefined) return known;
    const others = spellings(baseName(path));
    if (others.length === 0) return false; // nothing to try, and nothing to confuse
    const folding = await this.#tries(directory, baseName(path), others);
    this.#folding.set(directory, folding);
    return folding;
  }

  async #tries(directory: string, name: string, others: readonly string[]): Promise<boolean> {
    const base = directory === "" ? this.#root : `${this.#root}/${directory}`;
    try {
      const own = await this.#look.identity(`${base}/${name}`);
      if (own === null) return false;
      const names = new Set(await this.#look.names(base));
      for (const other of others) {
        // under a name of its own it is a hard link
        if (!names.has(other) && (await this.#look.identity(`${base}/${other}`)) === own) return true;
      }
      return false;
    } catch {
      return true; // too long a path, or not to be looked into: then nothing in it may be taken for an extra
    }
  }
}

function spellings(name: string): string[] {
  const forms = [name, name.normalize("NFC"), name.normalize("NFD")];
  const all = new Set(forms.flatMap((form) => [form, form.toLowerCase(), form.toUpperCase()]));
  all.delete(name);
  return [...all];
}

const system: Look = {
  async identity(path) {
    try {
      const { dev, ino } = await lstat(native(path), { bigint: true });
      return `${dev}:${ino}`;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return null;
      throw error;
    }
  },
  async names(directory) {
    const names = await readdir(native(directory), { encoding: "buffer" });
    return names.map((name) => pathFromBytes(name));
  },
};
