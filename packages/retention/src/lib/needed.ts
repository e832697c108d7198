import type { KeepReason } from "./reasons.ts";
import type { RetentionBackup } from "./types.ts";

/** Whom each backup needs, among those there are. */
export interface Needs {
  /** A backup and all that it needs, directly or not; those that are chosen already are left out. */
  with(id: string, chosen: ReadonlySet<string>): ReadonlySet<string>;
  /** The reasons of those that one of these needs. */
  reasons(kept: ReadonlySet<string>): ReadonlyMap<string, readonly KeepReason[]>;
}

/** Works out whom backups need. One that is absent is passed over: nothing can be kept of it. */
export function needsOf(backups: readonly RetentionBackup[]): Needs {
  const known = new Set(backups.map(({ id }) => id));
  const needs = new Map(
    backups.map(({ id, needs = [] }) => [id, needs.filter((each) => each !== id && known.has(each))]),
  );
  return {
    with(id, chosen) {
      const added = new Set<string>();
      const open = [id];
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        if (chosen.has(next) || added.has(next)) continue;
        added.add(next);
        open.push(...(needs.get(next) ?? []));
      }
      return added;
    },
    reasons(kept) {
      const by = new Map<string, string[]>();
      for (const id of kept) for (const each of needs.get(id) ?? []) by.set(each, [...(by.get(each) ?? []), id]);
      return new Map([...by].map(([id, ids]) => [id, [{ kind: "needed", by: ids }]]));
    },
  };
}
