import { LifeboatError, type RestoreTarget } from "@lifeboat/contracts";
import type { Restored } from "./extract/extract.ts";
import { type ExtrasOptions, extrasOf } from "./extras.ts";
import { overlap } from "./filter.ts";
import { walk } from "./walk/walk.ts";

/**
 * Makes sure that directories which have to go, because the backup has a file or a link
 * of that name, take nothing along that the backup could not have held: what the source
 * leaves out, what the backup could not take, a site.
 *
 * @throws CONFLICT, with the path of what would be lost as `key`
 */
export async function assertDisplaceable(
  displaced: readonly string[],
  restored: Restored,
  target: RestoreTarget & { readonly signal: AbortSignal },
  options: ExtrasOptions,
): Promise<void> {
  if (displaced.length === 0) return;
  const { root, operation, threads } = options;
  const beneath = { ...target, folders: overlap(target.folders, displaced) };
  const going = extrasOf(restored, beneath, options);
  const walking = { root, operation, followLinks: false, oneFileSystem: false, missingFolder: "ignore" as const };
  const all = walk(
    { ...walking, filter: { folders: displaced } },
    {
      signal: target.signal,
      thread: threads !== 0,
      report({ path = "" }) {
        throw wouldBeLost(path, operation);
      },
    },
  );
  try {
    let next = await going.next();
    for await (const { path, type } of all) {
      if (next.done !== true && next.value.path === path) next = await going.next();
      else if (type !== "directory") throw wouldBeLost(path, operation); // both walks go in the same order
    }
  } finally {
    await going.return();
  }
}

function wouldBeLost(path: string, operation: string): LifeboatError {
  return new LifeboatError({
    code: "CONFLICT",
    operation,
    message: `${JSON.stringify(path)} would be lost: the backup has a file or a link where a directory above it is now, and does not cover what is in that.`,
    key: path,
    hint: "Move it away or remove it, or restore to another place.",
  });
}
