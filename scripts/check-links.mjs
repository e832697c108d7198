// Checks that the links between the project's pages lead somewhere, headings included.
import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { anchorsOf, linksOf } from "./lib/links.mjs";
import { filesBelow, root } from "./lib/workspace.mjs";

const folders = ["docs", "packages", "examples", "bench"];
const pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...folders.flatMap((each) => filesBelow(each, /\.md$/))];
const read = (path) => readFileSync(`${root}/${path}`, "utf8");

function problemOf(page, link) {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : posix.join(posix.dirname(page), decodeURIComponent(path));
  if (target.startsWith("../") || !existsSync(`${root}/${target}`)) return `${target} does not exist`;
  if (anchor && target.endsWith(".md") && !anchorsOf(read(target)).has(anchor)) return `${target} has no such heading`;
  return null;
}

let problems = 0;
let links = 0;
for (const page of pages) {
  for (const link of linksOf(read(page))) {
    links += 1;
    const problem = problemOf(page, link);
    if (problem === null) continue;
    problems += 1;
    console.error(`${page}: ${link}: ${problem}.`);
  }
}
console.log(`Links: ${links} in ${pages.length} pages, ${problems} problems.`);
process.exitCode = problems === 0 ? 0 : 1;
