import { isComplete } from "./order.ts";
import type { Rules } from "./policy.ts";
import type { KeepReason } from "./reasons.ts";
import type { RetentionBackup } from "./types.ts";

/** What keeps a backup whatever the rules say. */
export type AlwaysKept = ReadonlyMap<string, readonly KeepReason[]>;

/** What {@link alwaysKept} goes by. */
export interface AlwaysOptions {
  readonly isAhead: (backup: RetentionBackup) => boolean;
  readonly triggers: Rules["triggers"];
  /** The sources whose latest backups stay. Absent: all. */
  readonly sources: readonly string[] | undefined;
}

/**
 * What stays whatever the rules and the limit of size say: preserved ones, those of a trigger that is kept, those
 * that are being made or whose time is to come, and of each of these sources the latest that holds it, and the latest that holds all of it.
 */
export function alwaysKept(
  sorted: readonly RetentionBackup[],
  { isAhead, triggers, sources }: AlwaysOptions,
): AlwaysKept {
  const reasons = new Map<string, KeepReason[]>();
  const latest = latestOf(
    sorted.filter((backup) => isComplete(backup) && !isAhead(backup)),
    sources,
  );
  for (const backup of sorted) {
    reasons.set(backup.id, [...(latest.get(backup.id) ?? []), ...ownReasons(backup)]);
  }
  return reasons;

  function ownReasons(backup: RetentionBackup): KeepReason[] {
    if (backup.state === "running") return [{ kind: "running" }];
    if (!isComplete(backup)) return [];
    const { trigger, preserve } = backup;
    const found: KeepReason[] = triggers.get(trigger) === "keep" ? [{ kind: "trigger", trigger }] : [];
    if (preserve === true) found.push({ kind: "preserved" });
    if (isAhead(backup)) found.push({ kind: "ahead" });
    return found;
  }
}

function latestOf(
  sorted: readonly RetentionBackup[],
  sources: readonly string[] | undefined,
): ReadonlyMap<string, readonly KeepReason[]> {
  const reasons = new Map<string, KeepReason[]>();
  const seen = new Set<string>();
  const seenWhole = new Set<string>();
  for (const backup of sorted) {
    const held = backup.sources.filter(({ id }) => sources?.includes(id) ?? true);
    const latest = take(held, seen);
    const whole = take(
      held.filter((source) => source.whole !== false),
      seenWhole,
    ).filter((id) => !latest.includes(id));
    const found: KeepReason[] = [];
    const reason = (named: readonly string[], whole: boolean): KeepReason => {
      return { kind: "latest", sources: named, whole, all: named.length === backup.sources.length };
    };
    if (latest.length > 0) found.push(reason(latest, false));
    if (whole.length > 0) found.push(reason(whole, true));
    reasons.set(backup.id, found);
  }
  return reasons;
}

/** The ids among these that were not seen before. */
function take(sources: readonly { readonly id: string }[], seen: Set<string>): string[] {
  const fresh = [...new Set(sources.map(({ id }) => id))].filter((id) => !seen.has(id));
  for (const id of fresh) seen.add(id);
  return fresh;
}
