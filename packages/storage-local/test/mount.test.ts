import { readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { Storage } from "@lifeboat/contracts";
import { localStorage } from "@lifeboat/storage-local";
import { describe, expect, test } from "vitest";
import { mountOf, mountsOf, ofTheSystem } from "../src/lib/mountinfo.ts";
import { smallDisk } from "./disks.ts";
import { all, read, temporaryDirectory } from "./helpers.ts";

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

describe("the list of mounts", () => {
  const text = [
    "22 27 0:21 / /proc rw,relatime - proc proc rw",
    "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
    "28 27 0:25 / /run rw,nosuid - tmpfs tmpfs rw,size=4k",
    "29 28 8:1 / /run/media/me/My\\040Disk rw shared:2 master:1 - exfat /dev/sdb1 rw",
    "30 27 0:30 / /mnt/auto rw - autofs systemd-1 rw",
    "31 27 0:31 / /mnt/nas rw - autofs systemd-1 rw",
    "32 31 0:32 / /mnt/nas rw - nfs4 nas:/share rw",
    "33 27 254:1 / /home rw - ext4 /dev/vdb rw",
    "",
  ].join("\n");
  const mounts = mountsOf(text);

  test.each([
    ["/backups", "/", true],
    ["/mnt/usb/backups", "/", true],
    ["/run/media/me/Other Disk", "/run", true],
    ["/run/media/me/My Disk", "/run/media/me/My Disk", false],
    ["/run/media/me/My Disk/backups", "/run/media/me/My Disk", false],
    ["/run/media/me/My Disk 2", "/run", true],
    ["/mnt/auto/backups", "/mnt/auto", true],
    ["/mnt/nas/backups", "/mnt/nas", false],
    ["/home/me/backups", "/home", false],
    ["/homes", "/", true],
    ["/proc/self", "/proc", true],
  ])("puts %s on %s", (path, point, system) => {
    const mount = mountOf(path, mounts);
    expect([mount.point, ofTheSystem(mount)]).toEqual([point, system]);
  });
});
