// The links of a Markdown page to other files of the project. Pure.

/**
 * The targets of the links that do not leave the project, without titles.
 * @param {string} markdown
 * @returns {string[]}
 */
export function linksOf(markdown) {
  const text = markdown
    .replace(/^(\s*)(```+|~~~+)[\s\S]*?^\s*\2\s*$/gm, "")
    .replace(/`[^`\n]*`/g, (code) => code.replace(/./g, "·"));
  return [...text.matchAll(/\]\(([^()\s]+)(?:\s+"[^"]*")?\)/g)]
    .map(([, target]) => target)
    .filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target));
}

/**
 * The anchors of a page's headings, as GitHub makes them.
 * @param {string} markdown
 * @returns {Set<string>}
 */
export function anchorsOf(markdown) {
  const seen = new Map();
  const anchors = new Set();
  for (const [, heading] of markdown.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = words.replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, "").replace(/\s/g, "-");
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    anchors.add(before === 0 ? slug : `${slug}-${before}`);
  }
  return anchors;
}
