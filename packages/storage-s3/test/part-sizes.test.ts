import { s3Providers, s3Storage } from "@lifeboat/storage-s3";
import fc from "fast-check";
import { expect, test } from "vitest";
import { partSizes } from "../src/lib/part-sizes.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

test("an upload never has more parts than the service takes, however long its body is", () => {
  fc.assert(
    fc.property(
      fc.record({
        partBytes: fc.integer({ min: 5 * MIB, max: 64 * MIB }),
        maxParts: fc.constantFrom(1000, 10_000),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      ({ partBytes, maxParts, share }) => {
        const sizes = partSizes({ partBytes, maxParts, maxPartBytes: 5 * GIB, uniform: false });
        let left = Math.floor(sizes.capacity * share);
        let parts = 0;
        for (; left > 0; parts += 1) left -= sizes.sizeOf(parts);
        expect(parts).toBeLessThanOrEqual(maxParts);
        expect(sizes.sizeOf(0)).toBe(partBytes);
        expect(sizes.sizeOf(maxParts - 1)).toBeLessThanOrEqual(GIB);
      },
    ),
  );
});

test("with the default part size, 249 GiB fit into 1,000 parts and 2.4 TiB into 10,000", () => {
  const common = { partBytes: 8 * MIB, maxPartBytes: 5 * GIB, uniform: false };
  expect(Math.floor(partSizes({ ...common, maxParts: 1000 }).capacity / GIB)).toBe(249);
  expect(Math.floor(partSizes({ ...common, maxParts: 10_000 }).capacity / GIB)).toBe(2490);
});

test("where parts must have one size they have, and the storage says how long an object can be", () => {
  const sizes = partSizes({ partBytes: 8 * MIB, maxParts: 10_000, maxPartBytes: 5 * GIB, uniform: true });
  expect(sizes.sizeOf(9999)).toBe(8 * MIB);
  const r2 = s3Storage({ provider: "cloudflare-r2", account: "abc", bucket: "b" });
  expect(r2.capabilities.maxObjectBytes).toBe(8 * MIB * s3Providers["cloudflare-r2"].maxParts);
});
