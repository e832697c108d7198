import { join } from "node:path";
import { LifeboatError } from "@lifeboat/contracts";
import { localStorage } from "@lifeboat/storage-local";
import { all, read } from "@lifeboat/testkit";
import { expect, test } from "vitest";
import { smallDisk } from "./disks.ts";
import { unfinished } from "./helpers.ts";

const MIB = 1024 * 1024;

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield Buffer.alloc(300_000, 7);
}

test("on a full disk a put fails with NO_SPACE and a hint, and leaves the key, the room and the storage as they were", async () => {
  const disk = await smallDisk(4);
  disk.mount();
  const root = join(disk.path, "backups");
  const storage = localStorage({ path: root });
  await storage.put("a", Buffer.from("old"));
  const before = await storage.space?.();
  const attempts = [
    () => storage.put("a", Buffer.alloc(8 * MIB)),
    () => storage.put("a", endless()),
    () => storage.put("new/b", endless(), { ifAbsent: true }),
  ];
  for (const attempt of attempts) {
    const error: unknown = await attempt().catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(LifeboatError);
    expect(error).toMatchObject({ code: "NO_SPACE", operation: "storage.put", retryable: false });
    expect((error as LifeboatError).hint).toMatch(/space/);
    expect(await unfinished(root)).toEqual([]);
  }
  expect((await read(storage.get("a"))).toString()).toBe("old");
  expect((await all(storage.list(""))).map(({ key }) => key)).toEqual(["a"]);
  expect((await storage.space?.())?.free).toBe(before?.free);
  await storage.put("a", Buffer.alloc(2 * MIB, 1));
  await storage.put("new/b", Buffer.alloc(MIB, 2));
  expect((await storage.stat("a"))?.size).toBe(2 * MIB);
});

test("on a disk that is mounted read-only a put is refused with a hint, and reads still work", async () => {
  const disk = await smallDisk(1);
  disk.mount();
  const storage = localStorage({ path: disk.path });
  await storage.put("a", Buffer.from("kept"));
  disk.remount("ro");
  for (const key of ["a", "b/c"]) {
    await expect(storage.put(key, Buffer.from("new"))).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      hint: expect.stringMatching(/writing/),
    });
  }
  await expect(storage.delete(["a"])).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  expect((await read(storage.get("a"))).toString()).toBe("kept");
});

test("a folder of the storage that is another disk is refused with a hint", async () => {
  const disk = await smallDisk(1);
  disk.mount();
  const inner = await smallDisk(1, disk.path);
  inner.mount();
  const storage = localStorage({ path: disk.path });
  for (const ifAbsent of [false, true]) {
    await expect(storage.put("disk/a", Buffer.from("a"), { ifAbsent })).rejects.toMatchObject({
      code: "UNSUPPORTED",
      hint: expect.stringMatching(/one file system/),
    });
  }
  await storage.put("a", Buffer.from("a"));
  await expect(storage.copy!("a", "disk/b")).rejects.toMatchObject({ code: "UNSUPPORTED" });
  expect(await unfinished(disk.path)).toEqual([]);
  inner.unmount();
});
