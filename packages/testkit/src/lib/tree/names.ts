import { pathFromBytes } from "@lifeboat/contracts";

const RAW = [
  Buffer.of(0xff, 0xfe),
  Buffer.from("caf\xe9 in latin-1", "latin1"),
  Buffer.concat([Buffer.from("cut off "), Buffer.of(0xf0, 0x9f, 0x9b)]),
  Buffer.concat([Buffer.of(0xed, 0xb2, 0x80), Buffer.from(" an encoded surrogate")]),
  Buffer.concat([Buffer.of(0xc0, 0xaf), Buffer.from(" an overlong slash")]),
];

/** Names of files that are legal on a POSIX file system and break careless programs; raw bytes escaped as entry paths are. */
export const HARD_NAMES: readonly string[] = [
  "plain",
  "with space",
  " leading space",
  "trailing space ",
  "new\nline",
  "carriage\rreturn",
  "tab\tand\x1bescape\x7f",
  "single ' quote",
  'double " quote',
  "back`tick $(echo) $HOME",
  "back\\slash",
  "backslash\\n that is no newline",
  "-leading dash",
  "--option=value",
  "*star?[a-z]{b,c}",
  "colon:semicolon;pipe|amp&",
  "percent %20 %s",
  "#hash !bang ~tilde @at =is",
  ".hidden",
  "...",
  "..double",
  "dot.",
  "con",
  "a.tar.gz",
  "emoji 🛟👩‍🚀",
  "日本語",
  "עברית",
  "composed \u00e9",
  "decomposed e\u0301",
  "CASE",
  "case",
  "\ufeffbyte order mark",
  "zero\u200bwidth",
  ...RAW.map(pathFromBytes),
  "x".repeat(255),
  "é".repeat(127),
  "🛟".repeat(63),
];

/** The segments of a path of 4,005 bytes, which still opens below a short base in one call (PATH_MAX is 4,096). */
export const LONGEST_PATH: readonly string[] = [
  ...Array.from({ length: 15 }, (_, depth) => `${String(depth).padStart(2, "0")}${"d".repeat(248)}`),
  "f".repeat(240),
];
