import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { applyRetention, type KeepReason, type RetentionPolicy } from "../src/index.ts";

interface Golden {
  readonly history: readonly string[];
  readonly cases: readonly { readonly policy: RetentionPolicy; readonly keep: readonly string[] }[];
}

/** restic's own golden files (internal/data/testdata of restic; BSD 2-Clause, see restic/LICENSE), put together. */
const golden = JSON.parse(readFileSync(new URL("restic/policies.json", import.meta.url), "utf8")) as Golden;

/** Ids fall, for restic keeps the order of those of one time. */
const history = golden.history.map((time, at) => ({
  id: String(999 - at),
  time: new Date(time),
  trigger: "scheduled" as const,
  sources: [],
}));

/** A reason in restic's words. */
function inResticsWords(reason: KeepReason): string {
  if (reason.kind === "last") return "last snapshot";
  if (reason.kind === "within") return `within ${reason.within}`;
  if (reason.kind !== "period") throw new Error(`restic knows no ${reason.kind}`);
  const { oldest, rule, within } = reason;
  return `${oldest ? "oldest " : ""}${rule} ${within === undefined ? "snapshot" : `within ${within}`}`;
}

describe("restic's golden files", () => {
  it.each(golden.cases)("keeps what restic keeps, for its reasons: $policy", ({ policy, keep }) => {
    const result = applyRetention(history, policy, { now: new Date("2026-01-01T00:00:00Z"), timeZone: "UTC" });
    const found = result.keep.map(({ backup, reasons }) => {
      const time = backup.time.toISOString().replace(/\.000Z|00Z$/, "Z");
      return `${time}: ${reasons.map(inResticsWords).join(", ")}`;
    });
    expect(found).toEqual(keep);
    expect(result.remove).toHaveLength(history.length - keep.length);
  });
});
