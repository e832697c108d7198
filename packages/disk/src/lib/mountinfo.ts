/** One line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)), as far as it matters here. */
export interface Mount {
  /** A path; bytes that are not UTF-8 are escaped as `pathFromBytes` does. */
  readonly point: string;
  /** The file system: `ext4`, `nfs4`, `autofs`. */
  readonly type: string;
}

const ROOT: Mount = { point: "/", type: "rootfs" };

/** The mounts of a mountinfo text, in its order: where two share a point, the later one hides the earlier. */
export function mountsOf(text: string): readonly Mount[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [before = "", after = ""] = line.split(" - ");
      return { point: unescapeOctal(before.split(" ")[4] ?? ""), type: after.split(" ")[0] ?? "" };
    });
}

/** The mount that a path lies on. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount {
  let best = ROOT;
  for (const mount of mounts) {
    const inside = mount.point === "/" || path === mount.point || path.startsWith(`${mount.point}/`);
    if (inside && mount.point.length >= best.point.length) best = mount;
  }
  return best;
}

/**
 * Whether a mount belongs to the running system, so that something on it says
 * nothing of a disk that somebody plugged in. An `autofs` mount only waits for
 * the real one; `/run` is where desktops mount disks beneath.
 */
export function ofTheSystem({ point, type }: Mount): boolean {
  return type === "autofs" || /^\/(?:$|(?:proc|sys|dev)(?:\/|$)|(?:tmp|run|run\/lock|run\/user\/\d+)$)/.test(point);
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
