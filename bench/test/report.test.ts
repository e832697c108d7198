import { describe, expect, it } from "vitest";
import { median, type Result, ratio, table } from "../src/report.ts";

const result = (tool: Result["tool"], seconds: number, round = 0): Result => ({
  corpus: "source",
  round,
  tool,
  operation: "backup",
  seconds,
  peakBytes: 100e6,
});

describe("the benchmark's report", () => {
  it("takes the middle of an odd number of rounds, and the mean of the middle two of an even one", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it("compares Lifeboat with the faster of restic and borg, and with no other", () => {
    const results = [result("lifeboat", 2), result("restic", 6), result("borg", 5), result("cp", 1)];
    expect(ratio(results, "backup")).toBe(2.5);
    expect(ratio([result("lifeboat", 2), result("cp", 1)], "backup")).toBeNaN();
  });

  it("shows what was not measured as a dash", () => {
    expect(table("source", [result("cp", 1.234)])).toContain("| cp | 1.23 | – | – | 100 | – |");
  });
});
