import type { Needs } from "./needed.ts";
import type { RetentionBackup } from "./types.ts";

/** What stays, once the limit of size was looked at. */
export interface Fitted {
  readonly keep: ReadonlySet<string>;
  readonly excessBytes: number;
}

/**
 * What has to stay, with all that it needs; and of what the rules keep, the newest as long as they fit in, each with
 * what it needs. From the first on that does not fit, all older ones go: so a greater limit never keeps less.
 */
export function fitTotalSize(
  sorted: readonly RetentionBackup[],
  maxTotalSize: number,
  { always, wanted, needs }: { readonly always: Chosen; readonly wanted: Chosen; readonly needs: Needs },
): Fitted {
  const sizes = new Map(sorted.map(({ id, size }) => [id, size ?? 0]));
  const keep = new Set<string>();
  let bytes = 0;

  function add(id: string, limit: number): boolean {
    const added = needs.with(id, keep);
    const more = [...added].reduce((sum, each) => sum + (sizes.get(each) ?? 0), 0);
    if (bytes + more > limit) return false;
    bytes += more;
    for (const each of added) keep.add(each);
    return true;
  }

  for (const { id } of sorted) if (always(id)) add(id, Infinity);
  const excessBytes = Math.max(0, bytes - maxTotalSize);
  for (const { id } of sorted) if (wanted(id) && !keep.has(id) && !add(id, maxTotalSize)) break;
  return { keep, excessBytes };
}

type Chosen = (id: string) => boolean;
