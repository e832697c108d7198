import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withExample } from "./vectors/examples.ts";

describe("the worked example", () => {
  it.each(["sealed-object.md", "site.md"] as const)("in %s is what the code makes", async (page) => {
    const text = readFileSync(join(import.meta.dirname, "../../../docs/spec", page), "utf8");
    expect(await withExample(page, text)).toBe(text);
  });
});
