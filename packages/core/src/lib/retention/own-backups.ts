import type { RetentionBackup } from "@lifeboat/retention";
import type { Backup, BackupListItem, DamagedBackup } from "../backup.ts";

/** The backups of a site, as a plan's retention looks at them. */
export interface SortedBackups {
  /** The plan's. */
  readonly own: readonly OwnBackup[];
  /** How many are another plan's, another installation's, or were made without a plan. */
  readonly others: number;
  /** Those that nobody knows the maker of. */
  readonly damaged: readonly DamagedBackup[];
}

/** A backup of the plan, as retention takes it. */
export interface OwnBackup extends RetentionBackup {
  readonly backup: Backup;
}

/**
 * Tells a plan's own backups from all others: those that this installation made for a plan of this name. What says
 * neither, as backups made without a plan do, and those of versions that did not keep it, is nobody's to remove.
 */
export function ownBackups(
  items: readonly BackupListItem[],
  { instance, plan }: { readonly instance: string; readonly plan: string },
): SortedBackups {
  const damaged = items.filter((item) => item.status === "damaged");
  const whole = items.filter((item) => item.status !== "damaged");
  const own = whole.filter(({ run }) => run?.plan === plan && run.instance === instance);
  return { own: own.map(asRetentionBackup), others: whole.length - own.length, damaged };
}

function asRetentionBackup(backup: Backup): OwnBackup {
  const { id, time, trigger, preserve, parts, storedSize } = backup;
  const sources = parts.map(({ source, folders, sections, problemCount }) => {
    return { id: source, whole: folders === undefined && sections === undefined && problemCount === 0 };
  });
  return { id, time, trigger, preserve, sources, size: storedSize, backup };
}
