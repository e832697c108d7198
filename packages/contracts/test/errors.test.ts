import { describe, expect, it } from "vitest";
import { isLifeboatError, LifeboatError } from "../src/index.ts";

describe("A LifeboatError", () => {
  it("carries its cause, its place and what to do", () => {
    const cause = new Error("disk");
    const error = new LifeboatError({
      code: "NO_SPACE",
      operation: "storage.put",
      key: "a/b",
      message: "full",
      hint: "free some",
      cause,
    });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "LifeboatError",
      code: "NO_SPACE",
      operation: "storage.put",
      key: "a/b",
      hint: "free some",
      retryable: false,
      cause,
    });
  });

  it("is known by its code, also where another copy of the package made it", () => {
    const error = new LifeboatError({ code: "TIMEOUT", operation: "x", message: "slow", retryable: true });
    const foreign = Object.defineProperty(
      Object.assign(new Error("slow"), { code: "TIMEOUT" }),
      Symbol.for("lifeboat.error"),
      { value: true },
    );
    for (const one of [error, foreign]) {
      expect(isLifeboatError(one)).toBe(true);
      expect(isLifeboatError(one, "TIMEOUT")).toBe(true);
      expect(isLifeboatError(one, "CORRUPT")).toBe(false);
    }
    for (const other of [new Error("x"), null, undefined, "TIMEOUT", { code: "TIMEOUT" }])
      expect(isLifeboatError(other)).toBe(false);
  });
});
