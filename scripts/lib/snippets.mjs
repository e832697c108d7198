// Finds the code blocks of Markdown that are checked. Pure.

/**
 * @typedef {object} Snippet
 * @property {string} file where it stands
 * @property {number} line of its first line of code, from 1
 * @property {string} code
 * @property {boolean} run whether it is executed, beyond being typechecked
 */

const FENCE = /^(\s*)(`{3,}|~{3,})(.*)$/;

/**
 * The TypeScript blocks of a Markdown text. What stands behind "```ts" decides:
 * nothing: it is typechecked; `run`: executed too; `more`: it goes on with the block
 * before it, as one module; `no-check`: it is a fragment, and left alone.
 * @param {string} file
 * @param {string} markdown
 * @returns {Snippet[]}
 */
export function snippetsOf(file, markdown) {
  const snippets = [];
  for (const { line, info, code } of blocksOf(file, markdown)) {
    const [language, ...words] = info;
    if (language !== "ts" || words.includes("no-check")) continue;
    if (words.includes("more")) addTo(snippets.at(-1), file, line, code);
    else snippets.push({ file, line, code, run: words.includes("run") });
  }
  return snippets;
}

/** Adds a block to a snippet, with as many empty lines between them as keep the line numbers true. */
function addTo(snippet, file, line, code) {
  if (snippet === undefined) throw new Error(`${file}:${line}: there is no block before this one to go on with.`);
  const next = snippet.line + snippet.code.split("\n").length - 1;
  snippet.code += "\n".repeat(line - next) + code;
}

function* blocksOf(file, markdown) {
  let open = null;
  for (const [index, line] of markdown.split("\n").entries()) {
    const [, indent = "", fence = "", rest = ""] = FENCE.exec(line) ?? [];
    if (open === null) {
      if (fence !== "") open = { indent, fence, info: rest.trim().split(/\s+/), line: index + 2, lines: [] };
    } else if (fence.startsWith(open.fence) && rest.trim() === "") {
      const code = open.lines.map((each) => `${unindented(each, open.indent.length)}\n`).join("");
      yield { line: open.line, info: open.info, code };
      open = null;
    } else open.lines.push(line);
  }
  if (open !== null) throw new Error(`${file}:${open.line - 1}: the code block that begins here never ends.`);
}

function unindented(line, columns) {
  return line.slice(Math.min(columns, line.length - line.trimStart().length));
}
