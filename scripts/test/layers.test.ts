import { describe, expect, it } from "vitest";
import { checkLayers, packageOf } from "../lib/layers.mjs";

interface Import {
  file: string;
  specifier: string;
  test: boolean;
}

const contracts = { name: "@lifeboat/contracts", folder: "packages/contracts", imports: [] };

/** A package in which each dependency is imported once, so that nothing is unused. */
function pack(name: string, dependencies: string[], extra: Import[] = []) {
  const folder = `packages/${name.replace("@lifeboat/", "")}`;
  const imports = dependencies.map((specifier) => ({ file: `${folder}/src/index.ts`, specifier, test: false }));
  return {
    name,
    folder,
    dependencies: Object.fromEntries(dependencies.map((each) => [each, "1.0.0"])),
    imports: [...imports, ...extra],
  };
}

const from = (file: string, specifier: string, test = false): Import => ({ file, specifier, test });

describe("the layering rule", () => {
  it("has nothing to say about imports that point downwards", () => {
    const archive = pack("@lifeboat/archive", ["@lifeboat/contracts", "@lifeboat/manifests", "tar-stream"]);
    const manifests = pack("@lifeboat/manifests", ["@lifeboat/contracts"]);
    expect(checkLayers([contracts, manifests, archive])).toEqual([]);
  });

  it("refuses a dependency on a layer above", () => {
    const core = pack("@lifeboat/core", []);
    const crypto = pack("@lifeboat/crypto", ["@lifeboat/core"]);
    expect(checkLayers([core, crypto])).toEqual([
      "@lifeboat/crypto (foundation) depends on @lifeboat/core (engine): dependencies point strictly downwards.",
    ]);
  });

  it("refuses a dependency on a neighbour in the same layer", () => {
    const archive = pack("@lifeboat/archive", ["@lifeboat/sources"]);
    expect(checkLayers([archive, pack("@lifeboat/sources", [])])).toHaveLength(1);
  });

  it("names every package of a circle", () => {
    const layers = [{ name: "all", packages: ["*"] }];
    const problems = checkLayers([pack("a", ["b"]), pack("b", ["c"]), pack("c", ["a"])], { layers });
    expect(problems.filter((each) => each.includes("circle"))).toEqual([
      "These packages depend on each other in a circle: a → b → c → a.",
    ]);
  });

  it("takes an optional dependency for declared", () => {
    const crypto = pack("@lifeboat/crypto", [], [from("packages/crypto/src/lib/kdf.ts", "argon2-addon")]);
    expect(checkLayers([crypto])).toHaveLength(1);
    expect(checkLayers([{ ...crypto, optionalDependencies: { "argon2-addon": "1.0.0" } }])).toEqual([]);
  });

  it("refuses a package that stands in no layer", () => {
    expect(checkLayers([pack("@lifeboat/novelty", [])])[0]).toContain("stands in no layer");
  });

  it("refuses an import that nothing declares, and a declared one that nothing imports", () => {
    const file = "packages/crypto/src/lib/kdf.ts";
    const undeclared = pack("@lifeboat/crypto", [], [from(file, "hash-wasm")]);
    expect(checkLayers([undeclared])).toEqual([
      `${file} imports "hash-wasm", but packages/crypto/package.json does not name it in its dependencies.`,
    ]);
    const unused = { ...pack("@lifeboat/crypto", [], [from(file, "node:crypto")]), dependencies: { "hash-wasm": "1" } };
    expect(checkLayers([unused])).toEqual([
      "packages/crypto/package.json names hash-wasm in its dependencies, but nothing imports it.",
    ]);
  });

  it("lets tests use the root's tools and the test kit, and published code neither", () => {
    const testkit = pack("@lifeboat/testkit", []);
    const inTest = pack(
      "@lifeboat/crypto",
      [],
      [
        from("packages/crypto/test/a.test.ts", "vitest", true),
        from("packages/crypto/test/a.test.ts", "@lifeboat/testkit", true),
      ],
    );
    const withKit = { ...inTest, devDependencies: { "@lifeboat/testkit": "0.0.0" } };
    expect(checkLayers([testkit, withKit], { shared: ["vitest"] })).toEqual([]);
    const published = pack("@lifeboat/crypto", ["@lifeboat/testkit", "vitest"]);
    expect(checkLayers([testkit, published])).toEqual([
      'packages/crypto/src/index.ts imports "@lifeboat/testkit", which is for tests only.',
    ]);
  });

  it("refuses files of another package, by path or by its private folders", () => {
    const archive = pack(
      "@lifeboat/archive",
      ["@lifeboat/contracts"],
      [
        from("packages/archive/src/lib/a.ts", "../../../contracts/src/index.ts"),
        from("packages/archive/src/lib/a.ts", "@lifeboat/contracts/src/lib/errors.ts"),
        from("packages/archive/src/lib/a.ts", "../index.ts"),
      ],
    );
    const problems = checkLayers([contracts, archive]);
    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain("lies outside of its package");
    expect(problems[1]).toContain("private to @lifeboat/contracts");
  });

  it("counts the types of a package as used where the package is", () => {
    const sources = pack("@lifeboat/sources", ["picomatch", "@scope/thing"]);
    const devDependencies = { "@types/picomatch": "1", "@types/scope__thing": "1", "@types/other": "1" };
    expect(checkLayers([{ ...sources, devDependencies }])).toEqual([
      "packages/sources/package.json names @types/other in its devDependencies, but nothing imports it.",
    ]);
  });
});

describe("the package that a specifier means", () => {
  it.each([
    ["@lifeboat/core/package.json", "@lifeboat/core"],
    ["tar-stream", "tar-stream"],
    ["./x.worker.ts?worker-code", null],
    ["node:fs/promises", null],
  ])("%s → %s", (specifier, name) => {
    expect(packageOf(specifier)).toBe(name);
  });
});
