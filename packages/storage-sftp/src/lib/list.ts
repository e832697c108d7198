import { posix } from "node:path";
import type { AbortOptions, ObjectInfo } from "@lifeboat/contracts";
import type { Parts } from "./parts.ts";
import { folderOfPrefix, isKey, TEMPORARY } from "./place.ts";
import { type Named, namesIn } from "./requests.ts";

/** So many folders are read side by side. */
const FOLDERS_AHEAD = 16;
/** Folders are not read ahead while so many names wait to be taken. */
const NAMES_WAITING = 20_000;

/**
 * Walks the folder that a prefix names. What is remembered are the names in the
 * folders that are read ahead, and the names of folders still to be read.
 */
export async function* list(
  { settings, line }: Parts,
  prefix: string,
  { signal }: AbortOptions,
): AsyncGenerator<ObjectInfo> {
  const segments = folderOfPrefix(prefix);
  if (segments === null) return;
  const waiting = [segments.map((segment) => `${segment}/`).join("")];
  const reading: Promise<readonly [string, readonly Named[]]>[] = [];
  let names = 0;
  const fill = () => {
    while (reading.length < FOLDERS_AHEAD && names < NAMES_WAITING) {
      const folder = waiting.pop();
      if (folder === undefined) return;
      const found = line
        .run((on) => namesIn(on, posix.join(settings.root, folder)), signal)
        .then((all) => {
          names += all.length;
          return [folder, all] as const;
        });
      found.catch(() => undefined); // told when it is awaited
      reading.push(found);
    }
  };
  fill();
  for (let next = reading.shift(); next !== undefined; next = reading.shift()) {
    const [folder, all] = await next;
    names -= all.length;
    for (const { name, type } of all) {
      const key = folder + name;
      const leads = key.startsWith(prefix) || prefix.startsWith(`${key}/`);
      if (type === "folder" && leads && name !== "." && name !== ".." && key !== TEMPORARY) waiting.push(`${key}/`);
    }
    fill();
    for (const { name, type, size, modified } of all) {
      const key = folder + name;
      if (type !== "file" || !key.startsWith(prefix) || !isKey(key)) continue;
      signal?.throwIfAborted();
      yield { key, size, modified };
    }
    fill();
  }
}
