import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertKey, entryPathProblem, hasRawBytes, isLifeboatError, pathFromBytes, pathToBytes } from "../src/index.ts";

describe("A path", () => {
  it("keeps every byte of every file name", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const path = pathFromBytes(bytes);
        expect(pathToBytes(path)).toEqual(bytes);
        expect(JSON.parse(JSON.stringify(path))).toBe(path);
        expect(hasRawBytes(path)).toBe(!Buffer.from(bytes).equals(Buffer.from(Buffer.from(bytes).toString())));
      }),
    );
  });

  it("shows text as text, whatever its bytes are followed by", () => {
    expect(pathFromBytes(Buffer.from("für/🛟"))).toBe("für/🛟");
    expect(pathFromBytes(Buffer.from([0x66, 0xfc, 0x72]))).toBe("f\udcfcr");
    expect(pathFromBytes(Buffer.from([0xef, 0xbb, 0xbf, 0x61]))).toBe("\ufeffa");
    expect(pathFromBytes(Buffer.from([0xed, 0xa0, 0x80]))).toBe("\udced\udca0\udc80");
  });

  it.each(["", "/a", "a//b", "a/", "./a", "a/..", "..", "a\0b"])("is refused as an entry's where it is %j", (path) => {
    expect(entryPathProblem(path)).not.toBeNull();
  });

  it.each(["a", "a/b", ".hidden", "...", "a b\nc", "\udcff", "a\\b", "C:"])("is an entry's where it is %j", (path) => {
    expect(entryPathProblem(path)).toBeNull();
  });
});

describe("A key", () => {
  it.each(["", "/a", "a//b", "a/", "a/./b", "../a", "a\\b", "a\nb", "\ud800", "x".repeat(1025)])(
    "is refused where it is %j",
    (key) => {
      const refusal = (() => {
        try {
          assertKey(key, "test");
        } catch (error) {
          return error;
        }
      })();
      expect(isLifeboatError(refusal, "INVALID")).toBe(true);
      expect(refusal).toMatchObject({ operation: "test", key, retryable: false });
    },
  );

  it.each(["a", "a/b.c", "ü/🛟", "x".repeat(1024), "..."])("is taken where it is %j", (key) => {
    expect(() => assertKey(key, "test")).not.toThrow();
  });
});
