import { expect, test } from "vitest";
import { backUp, testSite } from "./sites.ts";

test.each([{ uid: -2 }, { gid: -2 }, { uid: 0.5 }, { gid: Number.NaN }])(
  "an entry whose owner no list can hold is refused when it is backed up, %o",
  async (owner) => {
    const entry = { path: "a", type: "directory", mode: 0o755, mtimeMs: 0, ...owner } as const;
    await expect(backUp(testSite(), 0, [entry])).rejects.toThrow(expect.objectContaining({ code: "INVALID" }));
  },
);
