// What the scripts need to know of the workspace: where it is and what is in it.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** The repository's folder. */
export const root = join(import.meta.dirname, "..", "..");

/** Reads a JSON file, by its path from the root. */
export function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}

/** The folders of a workspace pattern of the root's package.json, as paths from the root. */
function foldersOf(pattern) {
  if (!pattern.endsWith("/*")) return [pattern];
  const parent = pattern.slice(0, -2);
  if (!existsSync(join(root, parent))) return [];
  return readdirSync(join(root, parent)).map((name) => `${parent}/${name}`);
}

/** Every package of the workspace: its folder from the root, and its package.json. */
export function workspacePackages() {
  return readJson("package.json")
    .workspaces.flatMap(foldersOf)
    .filter((folder) => existsSync(join(root, folder, "package.json")))
    .map((folder) => ({ folder, manifest: readJson(`${folder}/package.json`) }));
}

/** The packages that are published. */
export function publishedPackages() {
  return workspacePackages().filter(({ manifest }) => manifest.private !== true);
}

/** Every file below a folder whose name matches, as paths from the root, `/`-separated. */
export function filesBelow(folder, pattern) {
  const absolute = join(root, folder);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((path) => !/(^|\/)(node_modules|dist)\//.test(path))
    .sort();
}
