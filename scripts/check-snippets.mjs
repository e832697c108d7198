// Typechecks the TypeScript of the README files and the guide, and runs what is
// marked as runnable, against the built packages, as a user would.
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { run, withTemporaryFolder } from "./lib/run.mjs";
import { snippetsOf } from "./lib/snippets.mjs";
import { filesBelow, readJson, root, workspacePackages } from "./lib/workspace.mjs";

const files = [
  "README.md",
  ...filesBelow("docs/guide", /\.md$/),
  ...workspacePackages().flatMap(({ folder }) => filesBelow(folder, /^README\.md$/)),
];

/** Writes each snippet as a module of its own, below the repository so that imports resolve. */
async function writeSnippets(folder) {
  const written = new Map();
  for (const file of files) {
    const snippets = snippetsOf(file, await readFile(join(root, file), "utf8").catch(absent));
    for (const snippet of snippets) {
      const path = join(folder, `${file.replace(/\W+/g, "-")}-${snippet.line}.ts`);
      await writeFile(path, `export {};${snippet.code}`); // on the same line: the numbers stay true
      written.set(path, snippet);
    }
  }
  return written;
}

function absent(error) {
  if (error.code === "ENOENT") return "";
  throw error;
}

function typeProblems(written) {
  const { compilerOptions } = readJson("tsconfig.json");
  const { options, errors } = ts.convertCompilerOptionsFromJson({ ...compilerOptions, customConditions: [] }, root);
  const program = ts.createProgram([...written.keys()], options);
  return [...errors, ...ts.getPreEmitDiagnostics(program)].map((problem) => {
    const message = ts.flattenDiagnosticMessageText(problem.messageText, "\n");
    const snippet = problem.file && written.get(problem.file.fileName);
    if (!snippet) return `${problem.file?.fileName ?? "TypeScript"}: ${message}`;
    const { line } = ts.getLineAndCharacterOfPosition(problem.file, problem.start ?? 0);
    return `${snippet.file}:${snippet.line + line}: ${message}`;
  });
}

/** The small application whose data the snippets work on. */
async function prepare(cwd) {
  await cp(join(root, "scripts", "snippets"), cwd, { recursive: true });
  return { cwd, env: { ...process.env, BACKUP_PASSPHRASE: "correct horse battery staple" } };
}

async function runProblems(written) {
  const problems = [];
  for (const [path, { file, line, run: wanted }] of written) {
    if (!wanted) continue;
    try {
      await withTemporaryFolder(async (cwd) => {
        run(process.execPath, ["--import", tsx, path], await prepare(cwd));
      });
    } catch (error) {
      problems.push(`${file}:${line}: ${error.message}`);
    }
  }
  return problems;
}

const tsx = import.meta.resolve("tsx");
const folder = await mkdtemp(join(root, "scripts", ".snippets-"));
try {
  const written = await writeSnippets(folder);
  const types = typeProblems(written);
  const problems = types.length > 0 ? types : await runProblems(written);
  for (const problem of problems) console.error(problem);
  const runnable = [...written.values()].filter((snippet) => snippet.run).length;
  console.log(`Snippets: ${written.size} checked, ${runnable} run, ${problems.length} problems.`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
