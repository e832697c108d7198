// Checks every package as it would be published: publint (is its package.json true?),
// attw (do its types resolve for every kind of importer?), and that nothing is missing.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { packAll } from "./lib/pack.mjs";
import { run, withTemporaryFolder } from "./lib/run.mjs";
import { publishedPackages, root } from "./lib/workspace.mjs";

const REQUIRED = ["README.md", "LICENSE", "dist/index.js", "dist/index.d.ts"];

async function problemsOf({ name, tarball, files }) {
  const { manifest } = publishedPackages().find((one) => one.manifest.name === name);
  const bytes = await readFile(tarball);
  const linted = await publint({ strict: true, pack: { tarball: new Uint8Array(bytes).buffer } });
  const problems = linted.messages.map((message) => `publint: ${formatMessage(message, manifest)}`);
  try {
    run(join(root, "node_modules", ".bin", "attw"), [
      tarball,
      "--profile",
      "esm-only",
      "--format",
      "ascii",
      "--no-color",
    ]);
  } catch (error) {
    problems.push(error.message);
  }
  for (const file of REQUIRED) if (!files.includes(file)) problems.push(`${file} is not in the package.`);
  return problems;
}

const failed = await withTemporaryFolder(async (folder) => {
  let count = 0;
  for (const packed of packAll(folder)) {
    const problems = await problemsOf(packed);
    for (const problem of problems) console.error(`${packed.name}: ${problem}`);
    count += problems.length;
    if (problems.length === 0) console.log(`${packed.name}: ${packed.files.length} files, well packed.`);
  }
  return count;
});
process.exitCode = failed === 0 ? 0 : 1;
