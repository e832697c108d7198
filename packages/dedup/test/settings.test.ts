import { expect, test } from "vitest";
import { type ChunkSizes, dedup } from "../src/index.ts";
import { dedupSettings, readDedupSettings } from "../src/lib/settings.ts";

test("a site keeps the sizes that it was made with", () => {
  expect(dedupSettings()).toEqual({ min: 16_384, average: 65_536, max: 262_144 });
  const sizes: ChunkSizes[] = ["fine", "medium", "coarse"];
  for (const chunks of sizes) expect(readDedupSettings(dedupSettings({ chunks }))).toEqual(dedupSettings({ chunks }));
  const own = { min: 64, average: 4096, max: 4096 };
  expect(dedupSettings({ chunks: own })).toEqual(own);
});

test("sizes out of their limits are refused", () => {
  for (const chunks of [
    { min: 63, average: 4096, max: 8192 },
    { min: 64, average: 4097, max: 8192 },
    { min: 64, average: 2048, max: 8192 },
    { min: 8192, average: 4096, max: 8192 },
    { min: 64, average: 4096, max: 16_777_217 },
    { min: 64.5, average: 4096, max: 8192 },
  ]) {
    expect(() => dedupSettings({ chunks })).toThrow(expect.objectContaining({ code: "INVALID" }));
    expect(() => readDedupSettings(chunks)).toThrow(expect.objectContaining({ code: "CORRUPT" }));
  }
  for (const settings of [undefined, null, 1, [], {}, { min: "64" }]) {
    expect(() => readDedupSettings(settings as never)).toThrow(expect.objectContaining({ code: "CORRUPT" }));
  }
});

test("a level that zstd does not have is refused", () => {
  for (const level of [0, 20, 1.5])
    expect(() => dedup({ level })).toThrow(expect.objectContaining({ code: "INVALID" }));
});
