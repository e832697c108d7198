import { readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { Storage } from "@lifeboat/contracts";
import { localStorage } from "@lifeboat/storage-local";
import { all, read } from "@lifeboat/testkit";
import { describe, expect, test } from "vitest";
import { smallDisk } from "./disks.ts";
import { temporaryDirectory } from "./helpers.ts";

const bytes = new TextEncoder().encode("lifeboat");
const unmounted = { code: "UNREACHABLE", retryable: true, hint: expect.stringMatching(/not mounted/) };

async function expectRefused(storage: Storage): Promise<void> {
  await expect(storage.put("a", bytes)).rejects.toMatchObject(unmounted);
  await expect(storage.put("a", bytes, { ifAbsent: true })).rejects.toMatchObject(unmounted);
  await expect(read(storage.get("a"))).rejects.toMatchObject(unmounted);
  await expect(storage.stat("a")).rejects.toMatchObject(unmounted);
  await expect(all(storage.list(""))).rejects.toMatchObject(unmounted);
  await expect(storage.delete(["a"])).rejects.toMatchObject(unmounted);
  await expect(storage.copy!("a", "b")).rejects.toMatchObject(unmounted);
  await expect(storage.space!()).rejects.toMatchObject(unmounted);
}

describe("a storage that requires its disk to be mounted", () => {
  test("works while it is, refuses everything while it is not, and writes nothing on the disk beneath", async () => {
    const disk = await smallDisk(1);
    const path = join(disk.path, "deep/backups");
    const storages = [
      localStorage({ path, requireMount: true }),
      localStorage({ path, requireMount: disk.path }),
      localStorage({ path: disk.path, requireMount: true }),
    ];
    for (const storage of storages) await expectRefused(storage);
    expect(await readdir(disk.path)).toEqual([]);
    disk.mount();
    for (const storage of storages) {
      await storage.put("a", bytes);
      expect((await all(storage.list("a"))).length).toBe(1);
    }
    disk.unmount();
    for (const storage of storages) await expectRefused(storage);
    expect(await readdir(disk.path)).toEqual([]);
  });

  test("never passes for empty, nor for listed to its end, where it is pulled out meanwhile", async () => {
    const disk = await smallDisk(1);
    disk.mount();
    const storage = localStorage({ path: disk.path, requireMount: true });
    for (const key of ["a", "b/c", "d/e"]) await storage.put(key, bytes);
    const listing = storage.list("")[Symbol.asyncIterator]();
    expect((await listing.next()).done).toBe(false);
    disk.unmount();
    const rest = async () => {
      for (let next = await listing.next(); next.done !== true; next = await listing.next());
    };
    await expect(rest()).rejects.toMatchObject(unmounted);
  });

  test("that is named refuses another mount on the way", async () => {
    const outer = await smallDisk(1);
    outer.mount();
    const inner = await smallDisk(1, outer.path);
    const storage = localStorage({ path: join(inner.path, "backups"), requireMount: inner.path });
    await expectRefused(storage);
    inner.mount();
    await storage.put("a", bytes);
    inner.unmount();
    await expectRefused(storage);
    expect(await readdir(inner.path)).toEqual([]);
  });

  test("finds the disk behind a symbolic link that leads to the storage", async () => {
    const disk = await smallDisk(1);
    const link = join(await temporaryDirectory(), "link");
    await symlink(disk.path, link);
    const storage = localStorage({ path: join(link, "backups"), requireMount: true });
    await expectRefused(storage);
    disk.mount();
    await storage.put("a", bytes);
    expect(await storage.stat("a")).toMatchObject({ size: 8 });
  });

  test("that vanishes in the middle of a put gets nothing of it", async () => {
    const disk = await smallDisk(4);
    disk.mount();
    const storage = localStorage({ path: disk.path, requireMount: true });
    await storage.put("before", bytes);
    async function* body() {
      yield bytes;
      disk.unmount();
      yield bytes;
    }
    await expect(storage.put("a/b", body())).rejects.toMatchObject(unmounted);
    expect(await readdir(disk.path)).toEqual([]);
  });
});
