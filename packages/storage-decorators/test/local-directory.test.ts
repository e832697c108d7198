import { join } from "node:path";
import { memoryStorage } from "@lifeboat/storage-memory";
import { expect, it } from "vitest";
import { readOnly, withPrefix } from "../src/index.ts";

it("is still known to lie in a directory, so that sources leave it out", () => {
  const local = { ...memoryStorage(), localDirectory: "/backups" };
  expect(readOnly(local).localDirectory).toBe("/backups");
  expect(withPrefix(local, "apps/nvr").localDirectory).toBe(join("/backups", "apps/nvr"));
  expect(readOnly(memoryStorage()).localDirectory).toBeUndefined();
});
