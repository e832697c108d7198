// The layers of the monorepo, as data, and the rule that goes with them: imports
// point strictly downwards. Pure: scripts/check-layers.mjs feeds it from the disk.
import { posix } from "node:path";

/** From the bottom up. A package may import what stands in a row above its own here; `*` ends a prefix. */
const LAYERS = [
  { name: "vocabulary", packages: ["@lifeboat/contracts"] },
  { name: "test kit", packages: ["@lifeboat/testkit", "@lifeboat/test-servers"], testsOnly: true },
  { name: "machine", packages: ["@lifeboat/threads", "@lifeboat/disk"] },
  {
    name: "foundation",
    packages: ["@lifeboat/crypto", "@lifeboat/retention", "@lifeboat/storage-*"],
  },
  { name: "what formats share", packages: ["@lifeboat/manifests", "@lifeboat/frames"] },
  {
    name: "content",
    packages: ["@lifeboat/archive", "@lifeboat/dedup", "@lifeboat/mirror", "@lifeboat/sources", "@lifeboat/source-*"],
  },
  { name: "engine", packages: ["@lifeboat/core"] },
  { name: "umbrella", packages: ["lifeboat"] },
  { name: "surfaces", packages: ["@lifeboat/http", "@lifeboat/ui", "@lifeboat/cli", "@lifeboat/otel"] },
  { name: "applications", packages: ["@lifeboat/example-*", "@lifeboat/bench"], unpublished: true },
];

/**
 * @typedef {object} Import
 * @property {string} file path from the root, `/`-separated
 * @property {string} specifier as it is written
 * @property {boolean} test whether the file is no part of what is published
 *
 * @typedef {object} Package
 * @property {string} name
 * @property {string} folder path from the root, `/`-separated
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [optionalDependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {readonly Import[]} imports
 */

/**
 * Everything that breaks the rule, as sentences; empty where nothing does.
 * @param {readonly Package[]} packages
 * @param {{ layers?: typeof LAYERS, shared?: readonly string[] }} [options] `shared`: development tools of the root, which every test may use
 * @returns {string[]}
 */
export function checkLayers(packages, { layers = LAYERS, shared = [] } = {}) {
  const ours = new Set(packages.map(({ name }) => name));
  return [
    ...packages.flatMap((one) => [
      ...checkRank(one, ours, layers),
      ...one.imports.flatMap((each) => checkImport(one, each, ours, shared, layers)),
      ...checkUnused(one),
    ]),
    ...checkCycles(packages, ours),
  ];
}

/** The name of the package that a specifier means: `@a/b/c` is of `@a/b`; `null` for files and for Node's own. */
export function packageOf(specifier) {
  if (/^[./]/.test(specifier) || specifier.startsWith("node:")) return null;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function rankOf(name, layers) {
  return layers.findIndex((layer) =>
    layer.packages.some((each) => (each.endsWith("*") ? name.startsWith(each.slice(0, -1)) : name === each)),
  );
}

const runtime = (one) => ({ ...one.dependencies, ...one.optionalDependencies, ...one.peerDependencies });

function checkRank(one, ours, layers) {
  const rank = rankOf(one.name, layers);
  if (rank === -1) return [`${one.name} stands in no layer: give it one in scripts/lib/layers.mjs.`];
  return Object.keys(runtime(one))
    .filter((name) => ours.has(name) && rankOf(name, layers) >= rank)
    .map((name) => {
      const [own, other] = [layers[rank], layers[rankOf(name, layers)]];
      return `${one.name} (${own?.name}) depends on ${name} (${other?.name}): dependencies point strictly downwards.`;
    });
}

function checkImport(one, { file, specifier, test }, ours, shared, layers) {
  if (specifier.startsWith(".")) {
    const target = posix.join(posix.dirname(file), specifier);
    if (target.startsWith(`${one.folder}/`)) return [];
    return [`${file} imports "${specifier}", which lies outside of its package: import the package by its name.`];
  }
  const name = packageOf(specifier);
  if (name === null || name === one.name) return [];
  if (ours.has(name) && /^(src|lib|dist)(\/|$)/.test(specifier.slice(name.length + 1))) {
    return [`${file} imports "${specifier}", which is private to ${name}: import what its index exports.`];
  }
  if (!test && layers[rankOf(name, layers)]?.testsOnly && !layers[rankOf(one.name, layers)]?.unpublished) {
    return [`${file} imports "${specifier}", which is for tests only.`];
  }
  const inlined = specifier.endsWith("?base64"); // it is in the package's own files, its users need not install it
  const declared =
    name in runtime(one) || ((test || inlined) && (name in (one.devDependencies ?? {}) || shared.includes(name)));
  if (declared) return [];
  const where = test ? "devDependencies" : "dependencies";
  return [`${file} imports "${specifier}", but ${one.folder}/package.json does not name it in its ${where}.`];
}

function checkUnused(one) {
  if (one.imports.length === 0) return []; // a package that has only been laid out
  const published = new Set(one.imports.filter(({ test }) => !test).map(({ specifier }) => packageOf(specifier)));
  const all = new Set(one.imports.map(({ specifier }) => packageOf(specifier)));
  /** `@types/x` is used where `x` is. */
  const used = (set, name) =>
    set.has(name) || set.has(name.replace(/^@types\/(?:(.+)__)?/, (_, s) => (s ? `@${s}/` : "")));
  const idle = (record, set) => Object.keys(record ?? {}).filter((name) => !used(set, name));
  return [
    ...idle(runtime(one), published).map((name) => [name, "dependencies"]),
    ...idle(one.devDependencies, all).map((name) => [name, "devDependencies"]),
  ].map(([name, where]) => `${one.folder}/package.json names ${name} in its ${where}, but nothing imports it.`);
}

function checkCycles(packages, ours) {
  const edges = new Map(packages.map((one) => [one.name, Object.keys(runtime(one)).filter((name) => ours.has(name))]));
  const done = new Set();
  const problems = [];
  function visit(name, path) {
    if (path.includes(name)) {
      problems.push(
        `These packages depend on each other in a circle: ${[...path.slice(path.indexOf(name)), name].join(" → ")}.`,
      );
      return;
    }
    if (done.has(name)) return;
    for (const next of edges.get(name) ?? []) visit(next, [...path, name]);
    done.add(name);
  }
  for (const name of edges.keys()) visit(name, []);
  return problems;
}
