import { resolve } from "node:path";
import type {
  BackupContext,
  EntryInfo,
  RestoreChange,
  RestoreCheckContext,
  RestoreTarget,
  Source,
} from "@lifeboat/contracts";
import { expectMounted } from "@lifeboat/disk";
import { placeChecks } from "./checks.ts";
import { compareTree } from "./compare/compare.ts";
import { assertDisplaceable } from "./displaced.ts";
import { extract, type Restored } from "./extract/extract.ts";
import type { ExtractLimits } from "./extract/guard.ts";
import { type ExtrasOptions, extrasOf } from "./extras.ts";
import type { FilterOptions } from "./filter.ts";
import type { CommonOptions } from "./options.ts";
import { keepScope } from "./scope.ts";
import { SeenEntries } from "./seen.ts";
import { treeEntries } from "./walk/entries.ts";

/** Options of every source that lies in a directory. */
export interface TreeOptions extends CommonOptions {
  /**
   * Whether symbolic links are replaced by what they lead to. Default: `false`, links are
   * kept as links. With `true`, a link that leads nowhere or around in a circle is still
   * kept; and where the links are still there, such a backup is restored to another place.
   */
  readonly followLinks?: boolean | undefined;
  /** Whether directories on other file systems are kept, but not entered. Default: `false`. */
  readonly oneFileSystem?: boolean | undefined;
  /**
   * Refuses to back up, and to restore to its own place, with `UNREACHABLE`, while its disk is not mounted.
   * - `true`: it has to lie on a mount point that is not one of the system's own
   *   (`/`, `/run`, `/tmp` and what lies under `/dev`, `/proc`, `/sys`)
   * - a path: exactly this has to be a mount point, and the source to lie on it
   *
   * Default: `false`.
   */
  readonly requireMount?: boolean | string | undefined;
  /** Caps on what one restore may make. Default: none. */
  readonly limits?: ExtractLimits | undefined;
  /**
   * - `always`: a restore resolves when all of it would survive a power failure
   * - `never`: leaves that to the system
   *
   * Default: `always`.
   */
  readonly sync?: "always" | "never" | undefined;
  /** Whether worker threads walk and write. `false` works on the calling thread. Default: `true`. */
  readonly threads?: boolean | undefined;
}

/** What makes one tree differ from another. */
export interface Tree {
  readonly root: string;
  readonly operation: string;
  readonly missingFolder: "fail" | "report";
  /** What a backup takes. */
  backupFilter(context: BackupContext): FilterOptions | Promise<FilterOptions>;
  /** What a backup of everything would take now: nothing else is ever removed. */
  wholeFilter(): FilterOptions | Promise<FilterOptions>;
}

/** The methods of a source that lies in a directory. */
export function treeMethods(
  tree: Tree,
  options: TreeOptions,
): Required<Pick<Source, "localDirectories" | "scope" | "entries" | "restore" | "compare" | "check">> {
  const { root, operation, missingFolder } = tree;
  const { followLinks = false, oneFileSystem = false, limits, sync = "always", threads } = options;
  const { requireMount = false } = options;
  const wanted = typeof requireMount === "string" ? resolve(requireMount) : requireMount;
  const mounted = (to?: string) => (to === undefined ? expectMounted(root, wanted, operation) : undefined);

  async function placeOf({ to }: RestoreTarget): Promise<ExtrasOptions> {
    const place = { root: to ?? root, filter: await tree.wholeFilter(), oneFileSystem, operation };
    return threads === false ? { ...place, threads: 0 } : place;
  }

  async function* extras(restored: Restored, target: Target) {
    yield* extrasOf(restored, target, await placeOf(target));
  }

  return {
    localDirectories: [root],

    scope: async (context) => keepScope({ filter: await tree.backupFilter(context), oneFileSystem }),

    async *entries(context) {
      await mounted();
      const filter = await tree.backupFilter(context);
      const walking = { root, followLinks, oneFileSystem, operation, missingFolder, filter, avoid: context.sites };
      yield* treeEntries(walking, context, threads);
    },

    async restore(context, entries) {
      await mounted(context.to);
      await extract(entries, {
        root: context.to ?? root,
        mode: context.mode,
        operation,
        signal: context.signal,
        limits,
        threads: threads === false ? 0 : undefined,
        durable: sync === "always" && context.durable !== false,
        report: (problem) => context.report(problem),
        extras: (restored) => extras(restored, context),
      });
    },

    async *compare(context: RestoreCheckContext, entries: AsyncIterable<EntryInfo>): AsyncIterable<RestoreChange> {
      await mounted(context.to);
      const seen = new SeenEntries();
      const displaced: string[] = [];
      const { to, mode, signal } = context;
      const run = { root: to ?? root, keepExisting: mode === "missing", signal, thread: threads };
      yield* compareTree(seen.watch(entries), { ...run, onDisplaced: (path) => displaced.push(path) });
      await assertDisplaceable(displaced, seen, context, await placeOf(context));
      if (mode !== "replace") return;
      for await (const { path } of extras(seen, context)) yield { path, action: "remove", size: 0 };
    },

    async check(context) {
      const own = await placeChecks(context, root);
      return [...own, ...((await options.check?.(context)) ?? [])];
    },
  };
}

type Target = RestoreTarget & { readonly signal: AbortSignal };
