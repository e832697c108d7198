import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { root } from "../lib/workspace.mjs";

/** The members of the union type `ErrorCode`, as its source has them. */
function errorCodes(): string[] {
  const path = "packages/contracts/src/lib/errors.ts";
  const source = ts.createSourceFile(path, readFileSync(join(root, path), "utf8"), ts.ScriptTarget.ESNext);
  const codes: string[] = [];
  for (const statement of source.statements) {
    if (!ts.isTypeAliasDeclaration(statement) || statement.name.text !== "ErrorCode") continue;
    if (!ts.isUnionTypeNode(statement.type)) continue;
    for (const member of statement.type.types) {
      if (ts.isLiteralTypeNode(member) && ts.isStringLiteral(member.literal)) codes.push(member.literal.text);
    }
  }
  return codes;
}

const page = readFileSync(join(root, "docs/guide/errors.md"), "utf8");

describe("the page of errors", () => {
  it("has one heading for each code, in the order of the code's own list, and no other", () => {
    const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(errorCodes()).toContain("NOT_FOUND");
    expect(headings).toEqual(errorCodes());
  });

  it("says the cause of each, and what to do", () => {
    const sections = page.split(/^## /m).slice(1);
    const lacking = sections.filter((text) => !text.includes("**Cause.**") || !text.includes("**What to do.**"));
    expect(lacking).toEqual([]);
  });
});
