import { randomBytes } from "node:crypto";
import type { Trigger } from "@lifeboat/contracts";

const TRIGGERS = ["manual", "scheduled", "pre-update", "pre-restore", "guard", "import"] as const;
const PATTERN = new RegExp(
  `^(\\d{4}-\\d{2}-\\d{2})T(\\d{2})-(\\d{2})-(\\d{2}\\.\\d{3})Z-(${TRIGGERS.join("|")})-[0-9a-f]{4}$`,
);

/** What the id of a backup tells by itself. */
export interface BackupIdParts {
  /** When the backup began. */
  readonly time: Date;
  readonly trigger: Trigger;
}

/**
 * Makes the id of a backup that begins at `time`: it sorts by time, shows the
 * trigger, and four random hex digits keep two hosts' backups of one instant apart.
 *
 * @throws RangeError where the year does not have four digits
 */
export function newBackupId(time: Date, trigger: Trigger): string {
  const year = time.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) throw new RangeError(`Expected a time in the years 0 to 9999, found ${year}.`);
  return `${time.toISOString().replaceAll(":", "-")}-${trigger}-${randomBytes(2).toString("hex")}`;
}

/** Reads the id of a backup back, or answers `null` where the text is none. */
export function parseBackupId(id: string): BackupIdParts | null {
  const match = PATTERN.exec(id);
  if (match === null) return null;
  const [, day, hour, minute, second, trigger] = match;
  const iso = `${day}T${hour}:${minute}:${second}Z`;
  const time = new Date(iso);
  if (Number.isNaN(time.getTime()) || time.toISOString() !== iso || !isTrigger(trigger)) return null;
  return { time, trigger };
}

/** Whether the text names one of the six triggers. */
export function isTrigger(text: unknown): text is Trigger {
  return TRIGGERS.some((trigger) => trigger === text);
}
