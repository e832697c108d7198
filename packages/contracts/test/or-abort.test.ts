import { isSourceId, orAbort } from "@lifeboat/contracts";
import { describe, expect, it } from "vitest";

describe("waiting for what can be given up", () => {
  it("gives its outcome, or the abort's reason as soon as there is one", async () => {
    const never = new Promise<string>(() => undefined);
    expect(await orAbort(Promise.resolve("done"), undefined)).toBe("done");
    const control = new AbortController();
    expect(await orAbort(Promise.resolve("done"), control.signal)).toBe("done");
    await expect(orAbort(Promise.reject(new Error("broke")), control.signal)).rejects.toThrow("broke");
    const waiting = orAbort(never, control.signal);
    control.abort("enough");
    await expect(waiting).rejects.toBe("enough");
    await expect(orAbort(Promise.reject(new Error("late")), control.signal)).rejects.toBe("enough");
  });
});

describe("a source's id", () => {
  it.each(["media", "0", "a-b-c", "constructor", "x".repeat(64)])("may be %s", (id) => {
    expect(isSourceId(id)).toBe(true);
  });

  it.each(["", "-a", "A", "a/b", "..", "x".repeat(65), "a\n", 7, null])("may not be %j", (id) => {
    expect(isSourceId(id)).toBe(false);
  });
});
