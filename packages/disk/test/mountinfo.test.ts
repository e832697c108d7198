import { describe, expect, test } from "vitest";
import { mountOf, mountsOf, ofTheSystem } from "../src/lib/mountinfo.ts";

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
