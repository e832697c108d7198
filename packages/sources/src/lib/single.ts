import {
  LifeboatError,
  type RestoreCheck,
  type RestoreCheckContext,
  type RestoreContext,
  type RestoredEntry,
} from "@lifeboat/contracts";
import { placeChecks } from "./checks.ts";
import { extract } from "./extract/extract.ts";
import type { CommonOptions } from "./options.ts";

/** Sources of one entry write it as a file where a restore names another place; nothing else there is touched. */
export function restoreAsFile(
  context: RestoreContext,
  to: string,
  entries: AsyncIterable<RestoredEntry>,
  operation: string,
): Promise<void> {
  const { mode, signal, durable } = context;
  return extract(entries, { root: to, mode, operation, signal, durable, threads: 1, report: (p) => context.report(p) });
}

/** The checks of such a source: those of the place, where there is one, and the host's own. */
export async function singleChecks(context: RestoreCheckContext, { check }: CommonOptions): Promise<RestoreCheck[]> {
  const place = context.to === undefined ? [] : await placeChecks(context, context.to);
  return [...place, ...((await check?.(context)) ?? [])];
}

/**
 * The one entry of such a source; `null` where it was not selected.
 *
 * @throws INVALID for any other entry; CORRUPT where the whole source was asked for and it is lacking
 */
export async function withOnly<T>(
  entries: AsyncIterable<RestoredEntry>,
  path: string,
  context: RestoreContext,
  operation: string,
  take: (entry: RestoredEntry) => Promise<T>,
): Promise<T | null> {
  let taken: { readonly value: T } | null = null;
  for await (const entry of entries) {
    context.signal.throwIfAborted();
    if (entry.path !== path || entry.type !== "file" || taken !== null) {
      throw new LifeboatError({
        code: "INVALID",
        operation,
        message: `The entry ${JSON.stringify(entry.path)} was refused: this source holds one file, ${path}.`,
        key: entry.path,
        hint: "Restore the backup of this very source.",
      });
    }
    taken = { value: await take(entry) };
  }
  if (taken !== null) return taken.value;
  if (context.partial) return null;
  throw new LifeboatError({ code: "CORRUPT", operation, message: `The backup lacks ${path}.`, key: path });
}
