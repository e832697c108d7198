import { isLifeboatError } from "@lifeboat/contracts";
import { localStorage } from "@lifeboat/storage-local";
import { expect, test } from "vitest";
import { explain } from "../src/lib/errors.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: something, write`), { code, syscall: "write", errno: -1 });
}

test.each([
  ["ENOENT", "NOT_FOUND", false],
  ["EEXIST", "ALREADY_EXISTS", false],
  ["EACCES", "PERMISSION_DENIED", false],
  ["EPERM", "PERMISSION_DENIED", false],
  ["EROFS", "PERMISSION_DENIED", false],
  ["ENOSPC", "NO_SPACE", false],
  ["EDQUOT", "NO_SPACE", false],
  ["ENAMETOOLONG", "INVALID", false],
  ["EIO", "UNREACHABLE", true],
  ["ESTALE", "UNREACHABLE", true],
  ["EMFILE", "UNREACHABLE", true],
  ["ETIMEDOUT", "TIMEOUT", true],
  ["EBUSY", "LOCKED", true],
  ["EFBIG", "UNSUPPORTED", false],
  ["EWHATEVER", "UNREACHABLE", false],
])("%s becomes %s", (errno, code, retryable) => {
  const cause = systemError(errno);
  const error = explain(cause, "storage.put", "a/b");
  expect(error).toMatchObject({ code, retryable, cause, key: "a/b", operation: "storage.put" });
  expect((error as Error).message).toContain(errno);
});

test("what is no error of the system stays as it is", () => {
  for (const error of [new TypeError("a bug"), "a string", undefined])
    expect(explain(error, "storage.put")).toBe(error);
});

test("an empty path is refused at once", () => {
  expect(() => localStorage({ path: "" })).toThrow(expect.toSatisfy((error) => isLifeboatError(error, "INVALID")));
});
