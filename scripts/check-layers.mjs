// Refuses imports and dependencies that break the layers of scripts/lib/layers.mjs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { checkLayers } from "./lib/layers.mjs";
import { filesBelow, readJson, root, workspacePackages } from "./lib/workspace.mjs";

function importsOf(folder) {
  return filesBelow(folder, /\.[cm]?[jt]sx?$/)
    .filter((file) => file !== `${folder}/tsup.config.mjs`)
    .flatMap((file) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), "utf8"), true, true);
      const test = !file.startsWith(`${folder}/src/`);
      return importedFiles.map(({ fileName }) => ({ file, specifier: fileName, test }));
    });
}

const packages = workspacePackages().map(({ folder, manifest }) => ({
  name: manifest.name,
  folder,
  dependencies: manifest.dependencies,
  optionalDependencies: manifest.optionalDependencies,
  peerDependencies: manifest.peerDependencies,
  devDependencies: manifest.devDependencies,
  imports: importsOf(folder),
}));

const problems = checkLayers(packages, { shared: Object.keys(readJson("package.json").devDependencies) });
for (const problem of problems) console.error(problem);
const files = new Set(packages.flatMap(({ imports }) => imports.map(({ file }) => file))).size;
console.log(`Layers: ${packages.length} packages, ${files} files, ${problems.length} problems.`);
process.exitCode = problems.length === 0 ? 0 : 1;
