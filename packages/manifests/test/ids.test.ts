import type { Trigger } from "@lifeboat/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newBackupId, parseBackupId } from "../src/index.ts";

const triggers: readonly Trigger[] = ["manual", "scheduled", "pre-update", "pre-restore", "guard", "import"];
const time = fc.date({
  min: new Date("0000-01-01T00:00:00Z"),
  max: new Date("9999-12-31T23:59:59.999Z"),
  noInvalidDate: true,
});

describe("the id of a backup", () => {
  it("gives its time and trigger back", () => {
    fc.assert(
      fc.property(time, fc.constantFrom(...triggers), (started, trigger) => {
        expect(parseBackupId(newBackupId(started, trigger))).toEqual({ time: started, trigger });
      }),
    );
  });

  it("sorts by time", () => {
    fc.assert(
      fc.property(time, time, fc.constantFrom(...triggers), (a, b, trigger) => {
        fc.pre(a.getTime() !== b.getTime());
        expect(newBackupId(a, trigger) < newBackupId(b, "manual")).toBe(a < b);
      }),
    );
  });

  it.each([
    "",
    "..",
    "2026-11-20T02-00-00.123Z-manual-7f3",
    "2026-11-20T02-00-00.123Z-manual-7F3A",
    "2026-11-20T02-00-00.123Z-whim-7f3a",
    "2026-02-30T02-00-00.123Z-manual-7f3a",
    "2026-11-20T24-00-00.000Z-manual-7f3a",
    "2026-11-20T02-00-00.123Z-manual-7f3a ",
    "2026-11-20T02:00:00.123Z-manual-7f3a",
    "x2026-11-20T02-00-00.123Z-manual-7f3a",
  ])("is not %j", (text) => {
    expect(parseBackupId(text)).toBeNull();
  });
});
