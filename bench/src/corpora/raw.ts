import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";

/** The extensions that text is taken of. */
const TEXT = new Set([".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".json", ".md"]);
const MAX_BYTES = 200_000;

/** What a tree of source files is made of. */
export interface RawMaterial {
  /** Paths to imitate, relative. */
  readonly files: readonly { readonly path: string; readonly extension: string }[];
  /** The lines of all files of an extension, each with its end. */
  readonly text: ReadonlyMap<string, readonly string[]>;
}

/** Reads the raw material: this project's installed dependencies, as the lockfile fixes them. */
export async function rawMaterial(): Promise<RawMaterial> {
  const root = join(import.meta.dirname, "..", "..", "..", "node_modules");
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && TEXT.has(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((path) => !path.startsWith(".")) // caches
    .sort();
  const text = new Map<string, string[]>();
  const files: { path: string; extension: string }[] = [];
  for (const path of paths) {
    const { size } = await stat(join(root, path));
    if (size > MAX_BYTES) continue;
    const extension = extname(path);
    const lines = text.get(extension) ?? [];
    text.set(extension, lines);
    for (const line of (await readFile(join(root, path), "utf8")).split("\n")) {
      if (line.length < 500) lines.push(`${line}\n`);
    }
    files.push({ path, extension });
  }
  return { files, text };
}
