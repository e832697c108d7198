// The packages as they would be published: as tarballs.
import { join } from "node:path";
import { run } from "./run.mjs";
import { publishedPackages } from "./workspace.mjs";

/**
 * Packs every published package into `folder`; they must have been built.
 * @returns {{ name: string, tarball: string, files: string[] }[]}
 */
export function packAll(folder) {
  const workspaces = publishedPackages().flatMap((one) => ["-w", one.folder]);
  const packed = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", folder, ...workspaces]));
  return packed.map(({ name, filename, files }) => ({
    name,
    tarball: join(folder, filename),
    files: files.map(({ path }) => path),
  }));
}
