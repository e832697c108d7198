import { describe, expect, it } from "vitest";
import { snippetsOf } from "../lib/snippets.mjs";

const text = (...lines: string[]) => lines.join("\n");

describe("the snippets of a page", () => {
  it("are its TypeScript blocks, with the line they begin at, and whether they run", () => {
    const page = text("# Title", "```ts", "const a = 1;", "```", "```sh", "npm ci", "```", "```ts run", "b();", "```");
    expect(snippetsOf("a.md", page)).toEqual([
      { file: "a.md", line: 3, code: "const a = 1;\n", run: false },
      { file: "a.md", line: 9, code: "b();\n", run: true },
    ]);
  });

  it("leave out fragments", () => {
    expect(snippetsOf("a.md", text("```ts no-check", "…", "```"))).toEqual([]);
  });

  it("go on in a later block, at the line where that stands", () => {
    const [snippet] = snippetsOf("a.md", text("```ts", "const a = 1;", "```", "Then:", "```ts more", "use(a);", "```"));
    expect(snippet?.code.split("\n")[6 - (snippet?.line ?? 0)]).toBe("use(a);");
  });

  it("may be indented in a list, and hold fences of another kind", () => {
    const page = text("- item", "  ```ts", "  const fence = `", "~~~", "  `;", "  ```");
    expect(snippetsOf("a.md", page)[0]?.code).toBe("const fence = `\n~~~\n`;\n");
  });

  it("are refused where a block never ends, or goes on with nothing", () => {
    expect(() => snippetsOf("a.md", "```ts\n")).toThrow("a.md:1");
    expect(() => snippetsOf("a.md", text("```ts more", "x", "```"))).toThrow("no block before");
  });
});
