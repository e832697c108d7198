const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * Entry paths are strings, but file names are bytes. A byte that is not part of
 * valid UTF-8 becomes the lone surrogate U+DC00 + byte, and back (PEP 383,
 * "surrogateescape"), so every name survives and JSON can carry it.
 */
export function pathFromBytes(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return escapeInvalid(bytes);
  }
}

/** The exact bytes of a path made by {@link pathFromBytes}. */
export function pathToBytes(path: string): Uint8Array {
  if (path.isWellFormed()) return encoder.encode(path);
  // With the `u` flag a lone surrogate is a character of its own, and a pair is none of these.
  const runs = path.match(/[\u{dc80}-\u{dcff}]+|[^\u{dc80}-\u{dcff}]+/gu) ?? [];
  const pieces = runs.map((run) =>
    isRaw(run) ? Uint8Array.from(run, (c) => c.charCodeAt(0) - 0xdc00) : encoder.encode(run),
  );
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function isRaw(run: string): boolean {
  const first = run.codePointAt(0) ?? 0;
  return first >= 0xdc80 && first <= 0xdcff;
}

/** Whether the path holds bytes that are not UTF-8. */
export function hasRawBytes(path: string): boolean {
  return !path.isWellFormed();
}

/**
 * What is wrong with a path as the path of an entry, or `null`: it must be
 * relative, of plain segments, without `.`, `..`, an empty segment or a NUL.
 */
export function entryPathProblem(path: string): string | null {
  if (path === "") return "it is empty";
  if (path.startsWith("/")) return "it is absolute";
  if (path.includes("\0")) return "it holds a NUL";
  for (const segment of path.split("/")) {
    if (segment === "") return "it has an empty segment";
    if (segment === "." || segment === "..") return `it has a '${segment}' segment`;
  }
  return null;
}

function escapeInvalid(bytes: Uint8Array): string {
  let text = "";
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      text += String.fromCharCode(0xdc00 + (bytes[at] ?? 0));
      at += 1;
    } else {
      text += decoder.decode(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}

/** The length of the valid UTF-8 sequence at `at`, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  try {
    decoder.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}
