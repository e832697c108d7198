import { posix } from "node:path";
import { assertKey, LifeboatError } from "@lifeboat/contracts";

/** The folder of the root that holds what is not finished. No key lies in it. */
export const TEMPORARY = ".lifeboat-tmp";

/** The longest key. */
export const MAX_KEY_BYTES = 1024;

/** The longest segment of a key, as on most file systems. */
export const MAX_SEGMENT_BYTES = 255;

/** Where a key lies: the folders that lead there, outermost first, and the file. */
export interface Place {
  readonly key: string;
  readonly folders: readonly string[];
  readonly file: string;
}

/** @throws INVALID where the key is no key, or one that file systems cannot hold */
export function placeOf(root: string, key: string, operation: string): Place {
  assertKey(key, operation, MAX_KEY_BYTES);
  const segments = key.split("/");
  if (segments[0] === TEMPORARY) {
    throw refusal(key, operation, `its first segment is ${TEMPORARY}, where unfinished objects are kept`);
  }
  const long = segments.find((segment) => Buffer.byteLength(segment) > MAX_SEGMENT_BYTES);
  if (long !== undefined) throw refusal(key, operation, `a segment is longer than ${MAX_SEGMENT_BYTES} bytes`);
  return { key, folders: foldersTo(root, segments.slice(0, -1)), file: posix.join(root, ...segments) };
}

/** Whether the storage could have written an object under this name. */
export function isKey(key: string): boolean {
  try {
    assertKey(key, "storage.list", MAX_KEY_BYTES);
    return true;
  } catch {
    return false; // a file of someone else's
  }
}

/** The folder in which everything lies that begins with a prefix, as segments; `null` where no key can begin so. */
export function folderOfPrefix(prefix: string): readonly string[] | null {
  const segments = prefix.split("/").slice(0, -1);
  if (segments.length === 0) return segments;
  return isKey(segments.join("/")) && segments[0] !== TEMPORARY ? segments : null;
}

/** The folder that holds what is not finished. */
export function temporaryFolder(root: string): string {
  return posix.join(root, TEMPORARY);
}

/** The paths of nested folders, outermost first. */
function foldersTo(root: string, segments: readonly string[]): readonly string[] {
  const paths: string[] = [];
  for (const segment of segments) paths.push(posix.join(paths.at(-1) ?? root, segment));
  return paths;
}

function refusal(key: string, operation: string, problem: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation,
    key,
    message: `Expected a key that a file system can hold, found ${JSON.stringify(key)}: ${problem}.`,
    hint: "Choose another key; segments have at most 255 bytes.",
  });
}
