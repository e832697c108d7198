import type { RestoreContext, RestoredEntry } from "@lifeboat/contracts";
import { extract, type Restored } from "./extract/extract.ts";
import type { ExtractLimits } from "./extract/guard.ts";
import { extrasOf } from "./extras.ts";
import type { FilterOptions } from "./filter.ts";

/** How a tree is restored. */
export interface RestoreTreeOptions {
  /** Where it lies, unless the restore names another place. */
  readonly root: string;
  /** What the source takes: nothing else is ever removed. */
  readonly filter: FilterOptions;
  readonly oneFileSystem: boolean;
  readonly operation: string;
  readonly limits?: ExtractLimits;
  readonly threads?: number;
}

/** Restores a tree to its own place, or to another. */
export function restoreTree(
  context: RestoreContext,
  entries: AsyncIterable<RestoredEntry>,
  options: RestoreTreeOptions,
): Promise<void> {
  const root = context.to ?? options.root;
  const { operation, limits, threads } = options;
  return extract(entries, {
    root,
    mode: context.mode,
    operation,
    signal: context.signal,
    limits,
    threads,
    report: (problem) => context.report(problem),
    extras: (restored: Restored) => extrasOf(restored, context, { ...options, root }),
  });
}
