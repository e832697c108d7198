import { HARD_NAMES, LONGEST_PATH } from "./names.ts";

/** One thing in a hard tree. Paths and link targets are escaped as entry paths are. */
export type HardEntry = HardPlace &
  (
    | { readonly type: "directory" }
    | { readonly type: "file"; readonly content: Uint8Array }
    | { readonly type: "sparse"; readonly size: number; readonly data: readonly { at: number; bytes: Uint8Array }[] }
    | { readonly type: "symlink"; readonly target: string }
    | { readonly type: "hardlink"; readonly target: string }
  );

interface HardPlace {
  readonly path: string;
  /** Default: `0o644` for files, `0o755` for directories. */
  readonly mode?: number;
  readonly mtime?: Date;
  /** User and group; set only where the process is root. */
  readonly owner?: readonly [number, number];
}

const GIB = 1024 ** 3;
const text = (value: string) => Buffer.from(value);

const TIMES: readonly Date[] = [
  "1901-12-14T00:00:00.123Z",
  "1969-12-31T23:59:59.999Z",
  "1970-01-01T00:00:00.000Z",
  "1999-12-31T23:59:59.001Z",
  "2026-11-20T02:00:00.567Z",
  "2038-01-19T03:14:08.250Z",
  "2106-02-07T06:28:17.875Z",
  "2200-01-01T00:00:00.500Z",
].map((time) => new Date(time));

const FILE_MODES = [0o000, 0o200, 0o400, 0o444, 0o600, 0o644, 0o755, 0o777, 0o4755, 0o2755, 0o1644, 0o6711];
const DIRECTORY_MODES = [0o700, 0o755, 0o777, 0o1777, 0o2775];

/** Everything that a hard tree holds, a directory before what is in it and a hard link after its target. */
export function hardEntries(huge: boolean): readonly HardEntry[] {
  return [...contents(), ...names(), ...modes(), ...times(), ...links(), ...depths(), ...(huge ? [hugeFile()] : [])];
}

function contents(): readonly HardEntry[] {
  const sizes = [0, 1, 511, 512, 513, 4095, 4096, 65_537, 1_048_575, 1_048_577];
  return [
    { path: "sizes", type: "directory" },
    ...sizes.map((size): HardEntry => ({ path: `sizes/${size}`, type: "file", content: pattern(size) })),
    { path: "sizes/zeros", type: "file", content: Buffer.alloc(300_000) },
    { path: "empty directory", type: "directory", mtime: new Date("2001-02-03T04:05:06.007Z") },
    { path: "empty file", type: "file", content: text("") },
  ];
}

function names(): readonly HardEntry[] {
  return [
    { path: "names", type: "directory" },
    ...HARD_NAMES.map((name): HardEntry => ({ path: `names/${name}`, type: "file", content: text(name) })),
    { path: "folders", type: "directory" },
    ...HARD_NAMES.flatMap((name): HardEntry[] => [
      { path: `folders/${name}`, type: "directory" },
      { path: `folders/${name}/in it`, type: "file", content: text(name) },
    ]),
  ];
}

function modes(): readonly HardEntry[] {
  return [
    { path: "modes", type: "directory" },
    ...FILE_MODES.map(
      (mode): HardEntry => ({ path: `modes/file ${mode.toString(8)}`, type: "file", mode, content: text("mode") }),
    ),
    ...DIRECTORY_MODES.flatMap((mode): HardEntry[] => [
      { path: `modes/directory ${mode.toString(8)}`, type: "directory", mode },
      { path: `modes/directory ${mode.toString(8)}/file`, type: "file", content: text("in it") },
    ]),
    { path: "modes/read-only", type: "directory", mode: 0o555 },
    { path: "modes/read-only/file", type: "file", mode: 0o444, content: text("in it") },
    { path: "modes/read-only/deeper", type: "directory", mode: 0o500 },
    { path: "modes/read-only/deeper/file", type: "file", content: text("in it") },
    { path: "modes/someone else's", type: "file", owner: [12_345, 54_321], content: text("owned") },
    { path: "modes/someone else's setuid", type: "file", mode: 0o4750, owner: [12_345, 0], content: text("owned") },
  ];
}

function times(): readonly HardEntry[] {
  return [
    { path: "times", type: "directory" },
    ...TIMES.flatMap((mtime, index): HardEntry[] => [
      { path: `times/file ${index}`, type: "file", mtime, content: text(mtime.toISOString()) },
      { path: `times/directory ${index}`, type: "directory", mtime },
      { path: `times/directory ${index}/file`, type: "file", content: text("in it") },
      { path: `times/link ${index}`, type: "symlink", mtime, target: `file ${index}` },
    ]),
  ];
}

function links(): readonly HardEntry[] {
  return [
    { path: "links", type: "directory" },
    { path: "links/target", type: "file", content: text("target"), mtime: new Date("2003-03-03T03:03:03.333Z") },
    { path: "links/directory", type: "directory" },
    { path: "links/to file", type: "symlink", target: "target" },
    { path: "links/to directory", type: "symlink", target: "directory" },
    { path: "links/to parent", type: "symlink", target: ".." },
    { path: "links/to itself", type: "symlink", target: "to itself" },
    { path: "links/dangling", type: "symlink", target: "nowhere/at all" },
    { path: "links/absolute", type: "symlink", target: "/etc/hostname" },
    { path: "links/out of the tree", type: "symlink", target: "../../../../../../../etc/passwd" },
    { path: "links/odd\ntext 🛟", type: "symlink", target: "an odd\n'target' 🛟 \udcff" },
    { path: "links/long", type: "symlink", target: `${"t".repeat(200)}/`.repeat(20) },
    { path: "links/directory/hard to target", type: "hardlink", target: "links/target" },
    { path: "links/hard to target", type: "hardlink", target: "links/target" },
    { path: "links/empty", type: "file", content: text("") },
    { path: "links/hard to empty", type: "hardlink", target: "links/empty" },
    { path: "links/zz hard to a name", type: "hardlink", target: `names/${"x".repeat(255)}` },
  ];
}

function depths(): readonly HardEntry[] {
  const over255 = ["paths", "p".repeat(120), "q".repeat(120), "r".repeat(30)];
  return [over255, ["paths", ...LONGEST_PATH]].flatMap((segments, index) =>
    segments.flatMap((_, depth): HardEntry[] => {
      const path = segments.slice(0, depth + 1).join("/");
      if (depth === segments.length - 1) return [{ path, type: "file", content: text("far down") }];
      return index > 0 && depth === 0 ? [] : [{ path, type: "directory" }];
    }),
  );
}

function hugeFile(): HardEntry {
  const size = 8 * GIB + 12_345;
  const data = [0, 4 * GIB - 1000, size - 5000].map((at, index) => ({ at, bytes: pattern(5000, index + 1) }));
  return { path: "huge and sparse", type: "sparse", size, data };
}

function pattern(length: number, seed = 7): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >>> 8) * 17 + seed) & 255);
}
