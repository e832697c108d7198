import { lstat, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ErrorCode, isLifeboatError } from "@lifeboat/contracts";
import { localStorage } from "@lifeboat/storage-local";
import { all, read } from "@lifeboat/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryDirectory, unfinished } from "./helpers.ts";

const bytes = new TextEncoder().encode("lifeboat");

function fails(work: Promise<unknown>, code: ErrorCode) {
  return expect(work).rejects.toSatisfy((error) => isLifeboatError(error, code), code);
}

describe("what lies on the disk", () => {
  test("an object is a plain file at its key, with the bytes that were put", async () => {
    const root = await temporaryDirectory();
    await localStorage({ path: root }).put("backups/one/manifest.json", bytes);
    expect(await readFile(join(root, "backups/one/manifest.json"), "utf8")).toBe("lifeboat");
    expect(await unfinished(root)).toEqual([]);
  });

  test.each([0o000, 0o077, 0o777])("files and folders are their owner's only, with umask %o", async (mask) => {
    const root = join(await temporaryDirectory(), "made", "here");
    const before = process.umask(mask);
    onTestFinished(() => void process.umask(before));
    await localStorage({ path: root }).put("a/b/c", bytes);
    for (const folder of [join(root, ".."), root, join(root, "a"), join(root, "a/b"), join(root, ".lifeboat-tmp")]) {
      expect((await stat(folder)).mode & 0o777, folder).toBe(0o700);
    }
    expect((await stat(join(root, "a/b/c"))).mode & 0o777).toBe(0o600);
  });

  test("a root that does not exist yet lists as empty and is not made by looking", async () => {
    const root = join(await temporaryDirectory(), "later");
    const storage = localStorage({ path: root });
    expect(await all(storage.list(""))).toEqual([]);
    expect(await storage.stat("a")).toBeNull();
    await storage.delete(["a", "b/c"]);
    expect((await storage.space?.())?.free).toBeGreaterThan(0);
    await fails(read(storage.get("a")), "NOT_FOUND");
    await expect(lstat(root)).rejects.toThrow("ENOENT");
  });

  test("deleting the last object of a folder removes the folder, but never the root or a folder in use", async () => {
    const root = await temporaryDirectory();
    const storage = localStorage({ path: root });
    await storage.put("a/b/c/1", bytes);
    await storage.put("a/2", bytes);
    await storage.delete(["a/b/c/1"]);
    await expect(lstat(join(root, "a/b"))).rejects.toThrow("ENOENT");
    await storage.delete(["a/2"]);
    await expect(lstat(join(root, "a"))).rejects.toThrow("ENOENT");
    expect((await lstat(root)).isDirectory()).toBe(true);
  });

  test("a copy is a hard link, and replacing one of the two leaves the other", async () => {
    const root = await temporaryDirectory();
    const storage = localStorage({ path: root });
    await storage.put("a", bytes);
    await storage.copy?.("a", "x/b");
    await storage.copy?.("a", "x/b");
    expect((await stat(join(root, "a"))).nlink).toBe(2);
    await storage.put("a", new Uint8Array());
    expect((await read(storage.get("x/b"))).toString()).toBe("lifeboat");
    expect(await unfinished(root)).toEqual([]);
  });

  test("a key cannot be an object and a folder of objects at once", async () => {
    const root = await temporaryDirectory();
    const storage = localStorage({ path: root });
    await storage.put("a", bytes);
    await storage.put("folder/b", bytes);
    await fails(storage.put("a/b", bytes), "INVALID");
    await fails(storage.put("folder", bytes), "INVALID");
    expect(await storage.stat("folder")).toBeNull();
    await fails(read(storage.get("folder")), "NOT_FOUND");
    await storage.delete(["folder", "a/b"]);
    expect((await all(storage.list(""))).map(({ key }) => key).sort()).toEqual(["a", "folder/b"]);
    expect(await unfinished(root)).toEqual([]);
  });

  test("an empty folder that a crash left over does not stand in the way", async () => {
    const root = await temporaryDirectory();
    await mkdir(join(root, "a"));
    await localStorage({ path: root }).put("a", bytes);
    expect((await stat(join(root, "a"))).isFile()).toBe(true);
  });
});

describe("leaving the root", () => {
  test("every operation refuses a key that leads through a symbolic link", async () => {
    const [root, outside] = [await temporaryDirectory(), await temporaryDirectory()];
    await writeFile(join(outside, "secret"), "secret");
    await symlink(outside, join(root, "door"));
    const storage = localStorage({ path: root });
    await storage.put("a", bytes);
    await fails(storage.put("door/new", bytes), "INVALID");
    await fails(storage.put("door/new", bytes, { ifAbsent: true }), "INVALID");
    await fails(storage.put("door/deeper/new", bytes), "INVALID");
    await fails(read(storage.get("door/secret")), "INVALID");
    await fails(storage.stat("door/secret"), "INVALID");
    await fails(storage.delete(["door/secret"]), "INVALID");
    await fails(storage.copy!("door/secret", "b"), "INVALID");
    await fails(storage.copy!("a", "door/b"), "INVALID");
    await fails(all(storage.list("door/")), "INVALID");
    expect(await readFile(join(outside, "secret"), "utf8")).toBe("secret");
    expect(await unfinished(root)).toEqual([]);
  });

  test("a link in an object's place is neither read nor listed, and a put replaces the link itself", async () => {
    const [root, outside] = [await temporaryDirectory(), await temporaryDirectory()];
    await writeFile(join(outside, "secret"), "secret");
    await symlink(join(outside, "secret"), join(root, "a"));
    const storage = localStorage({ path: root });
    await fails(read(storage.get("a")), "INVALID");
    await fails(storage.stat("a"), "INVALID");
    await fails(storage.delete(["a"]), "INVALID");
    expect(await all(storage.list(""))).toEqual([]);
    await fails(storage.put("a", bytes, { ifAbsent: true }), "ALREADY_EXISTS");
    await storage.put("a", bytes);
    expect(await readFile(join(outside, "secret"), "utf8")).toBe("secret");
    expect((await lstat(join(root, "a"))).isFile()).toBe(true);
  });

  test("a link in the place of the folder for unfinished files is refused", async () => {
    const [root, outside] = [await temporaryDirectory(), await temporaryDirectory()];
    await symlink(outside, join(root, ".lifeboat-tmp"));
    await fails(localStorage({ path: root }).put("a", bytes), "INVALID");
  });

  test("keys of the folder for unfinished files, and segments over 255 bytes, are refused with a hint", async () => {
    const storage = localStorage({ path: await temporaryDirectory() });
    for (const key of [".lifeboat-tmp/a", `a/${"é".repeat(128)}/b`]) {
      await fails(storage.put(key, bytes), "INVALID");
      await expect(storage.stat(key)).rejects.toMatchObject({ hint: expect.any(String), key });
    }
    await storage.put(`a/${"é".repeat(127)}/b`, bytes);
  });
});

describe("what others left in the directory", () => {
  test("files that no put made are not listed: links, names that are no keys, unfinished ones", async () => {
    const root = await temporaryDirectory();
    const storage = localStorage({ path: root });
    await storage.put("a", bytes);
    await symlink(join(root, "a"), join(root, "link"));
    await writeFile(join(root, "new\nline"), "");
    await writeFile(Buffer.concat([Buffer.from(`${root}/`), Buffer.of(0xff)]), "");
    await writeFile(join(root, ".lifeboat-tmp", "something"), "");
    expect((await all(storage.list(""))).map(({ key }) => key)).toEqual(["a"]);
  });

  test("what a dead process left unfinished is removed with the first put; what may be alive stays", async () => {
    const root = await temporaryDirectory();
    const temporary = join(root, ".lifeboat-tmp");
    await localStorage({ path: root }).put("a", bytes);
    await writeFile(join(temporary, "0123456789ab-1-0123456789abcdef"), "of another machine, now");
    await localStorage({ path: root }).put("b", bytes);
    expect(await unfinished(root)).toEqual(["0123456789ab-1-0123456789abcdef"]);
  });
});
