import { describe, expect, it } from "vitest";
import { anchorsOf, linksOf } from "../lib/links.mjs";

describe("the links of a page", () => {
  it("are those to other files and to headings, not those that leave the project", () => {
    expect(linksOf('[a](b.md#c) [web](https://x.org) ![image](i.png "title") [here](#there)')).toEqual([
      "b.md#c",
      "i.png",
      "#there",
    ]);
  });

  it("are not looked for in code, but a link's own text may be code", () => {
    expect(linksOf("```ts\n[a](b)\n```\nand `[c](d)`, but [`e`](f)")).toEqual(["f"]);
  });
});

describe("the anchors of a page", () => {
  it("are its headings in lower case, with dashes, numbered where they repeat", () => {
    expect(anchorsOf("# First steps!\n## WRONG_KEY\n## A\n## A\n## `code` & more")).toEqual(
      new Set(["first-steps", "wrong_key", "a", "a-1", "code--more"]),
    );
  });
});
