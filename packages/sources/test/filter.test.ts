import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createFilter, type FilterOptions, type Inherited, outermost } from "../src/lib/filter.ts";
import { compileGlob } from "../src/lib/glob.ts";

const name = fc.constantFrom("a", "b", ".c", "d\n", "e.js", "é", "\udcff", "*");
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
const segment = fc.oneof(
  name.map((text) => text.replace("*", "\\*")),
  fc.constantFrom("*", "**", "?", "*.js", "{a,b}", "[ab]"),
);
const pattern = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 3 }), fc.constantFrom("", "/"))
  .map(([segments, end]) => segments.join("/") + end);
const patterns = fc.array(pattern, { maxLength: 3 });

/** Walks a filter down to a path as the walk does. */
function verdict(options: FilterOptions, at: string, isDirectory = false) {
  const filter = createFilter(options, "test");
  const names = at.split("/");
  let inherited: Inherited = filter.top;
  for (let depth = 1; depth < names.length; depth++) {
    const above = filter.decide(names.slice(0, depth).join("/"), true, inherited);
    if (above === null || !above.enter) return null;
    inherited = above;
  }
  return filter.decide(at, isDirectory, inherited);
}

/** A glob by its definition, without a library: segment by segment. */
function matches(globs: readonly string[], names: readonly string[]): boolean {
  const [glob, ...rest] = globs;
  if (glob === undefined) return names.length === 0;
  const [first, ...others] = names;
  if (glob === "**")
    return (
      (rest.length > 0 && matches(rest, names)) ||
      (first !== undefined && (matches(globs, others) || (rest.length === 0 && others.length === 0)))
    );
  if (first === undefined) return false;
  const one = {
    "*": () => true,
    "?": () => first.length === 1,
    "*.js": () => first.endsWith(".js"),
    "{a,b}": () => first === "a" || first === "b",
    "[ab]": () => first === "a" || first === "b",
  }[glob];
  return (one?.() ?? first === glob.replace("\\*", "*")) && matches(rest, others);
}

describe("a pattern", () => {
  test("means what its definition says, whatever the name", () => {
    fc.assert(
      fc.property(pattern, path, fc.boolean(), (glob, at, isDirectory) => {
        const only = glob.endsWith("/");
        const segments = (only ? glob.slice(0, -1) : glob).split("/");
        const expected = (isDirectory || !only) && matches(segments, at.split("/"));
        expect(compileGlob(glob, "test").matches(at, isDirectory)).toBe(expected);
      }),
      { numRuns: 3000 },
    );
  });

  test("never hides a match by skipping the directory that it lies in", () => {
    fc.assert(
      fc.property(pattern, path, (glob, at) => {
        const compiled = compileGlob(glob, "test");
        if (!compiled.matches(at, true)) return;
        const names = at.split("/");
        for (let depth = 1; depth < names.length; depth++) {
          const above = names.slice(0, depth).join("/");
          expect(compiled.mayMatchBeneath(above)).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe("a filter", () => {
  const isTaken = (options: FilterOptions, at: string) => verdict(options, at)?.take === true;
  const beneath = (globs: readonly string[], at: string) => {
    const names = at.split("/");
    return names.some((_, i) => {
      const above = names.slice(0, i + 1).join("/");
      const directory = i + 1 < names.length;
      return globs.some((glob) => {
        const compiled = compileGlob(glob, "test");
        return compiled.matches(above, directory) || (directory && compiled.matchesBeneath(above));
      });
    });
  };

  test("takes a file if, and only if, it or a directory above it is included and none is excluded", () => {
    fc.assert(
      fc.property(patterns, patterns, path, (include, exclude, at) => {
        expect(isTaken({ include, exclude }, at)).toBe(beneath(include, at) && !beneath(exclude, at));
        expect(isTaken({ exclude }, at)).toBe(!beneath(exclude, at));
        expect(isTaken({ exclude, select: include }, at)).toBe(beneath(include, at) && !beneath(exclude, at));
      }),
      { numRuns: 2000 },
    );
  });

  test("limited to folders takes what is in them, and nothing more", () => {
    fc.assert(
      fc.property(fc.array(path, { minLength: 1, maxLength: 3 }), path, (folders, at) => {
        const inside = folders.some((folder) => at === folder || at.startsWith(`${folder}/`));
        expect(isTaken({ folders: outermost(folders) }, at)).toBe(inside);
      }),
      { numRuns: 1000 },
    );
  });
});
