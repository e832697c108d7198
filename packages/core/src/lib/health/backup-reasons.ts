import type { BackupListItem } from "../backup.ts";
import { withoutSecrets } from "../events/redact.ts";
import type { RunRecord } from "../plans/plan-types.ts";
import type { HealthRules } from "./health-facts.ts";
import type { HealthReason } from "./health-types.ts";
import { POINTS } from "./points.ts";
import { isCorrupt, lastLooked } from "./verified.ts";
import { ago, counted, lengthInWords, withoutStop } from "./words.ts";

/** What backups belong to. */
export interface About {
  readonly site: string;
  readonly plan?: string;
  /** In words: `the plan "nightly"`. */
  readonly subject: string;
}

/** What is looked at for damage. */
export interface Inspected {
  /** Newest first. */
  readonly backups: readonly BackupListItem[];
  /** What they are some of, newest first. */
  readonly all: readonly BackupListItem[];
  readonly records: readonly RunRecord[];
}

const NAMED = 10;

/** That some of these backups are damaged, or that the last verification says so of what they share. */
export function corruptReason(
  { subject, ...about }: About,
  { backups, all, records }: Inspected,
  now: number,
): HealthReason[] {
  const corrupt = backups.filter(isCorrupt);
  const [first] = corrupt;
  if (first === undefined) return corruptByRecord({ subject, ...about }, records, now);
  const newest = first === all[0];
  const found = first.verified?.ok === false ? first.verified.problem : undefined;
  const problem = withoutSecrets(found ?? (first.status === "damaged" ? first.error.message : first.summary));
  const which =
    corrupt.length === 1 ? `The backup ${first.id}` : `${corrupt.length} of ${counted(all.length, "backup")}`;
  const verb = corrupt.length === 1 ? "is" : "are";
  const also = !newest ? "" : corrupt.length === 1 ? ", the newest," : ", the newest among them,";
  return [
    {
      code: "corrupt",
      ...about,
      points: newest ? POINTS.corruptNewest : POINTS.corruptOlder,
      backups: corrupt.slice(0, NAMED).map(({ id }) => id),
      count: corrupt.length,
      newest,
      since: new Date(Math.min(...corrupt.map((each) => (each.verified ?? each).time.getTime()))),
      problem,
      text: `${which} of ${subject}${also} ${verb} damaged: ${withoutStop(problem)}.`,
    },
  ];
}

/** Of a share of a site that keeps everything once, damage may touch no backup. */
function corruptByRecord({ subject, ...about }: About, records: readonly RunRecord[], now: number): HealthReason[] {
  const last = records.findLast(
    ({ task, outcome }) => (task === "verify" || task === "drill") && outcome !== "cancelled",
  );
  if (last?.code !== "CORRUPT") return [];
  const problem = withoutSecrets(last.message ?? "it does not say what");
  const text = `The last verification of ${subject}, ${ago(last.finished, now)}, found damage: ${withoutStop(problem)}.`;
  const found = { backups: [], count: 0, newest: false, since: last.finished, problem };
  return [{ code: "corrupt", ...about, points: POINTS.corruptOlder, ...found, text }];
}

/** That nobody has looked whether these backups are whole, or not for long. */
export function unverifiedReason(
  { subject, ...about }: About,
  backups: readonly BackupListItem[],
  records: readonly RunRecord[],
  { verifyWithinMs }: HealthRules,
  now: number,
): HealthReason[] {
  if (backups.length === 0) return [];
  const last = lastLooked(backups, records);
  if (last !== undefined && now - last.getTime() <= verifyWithinMs) return [];
  const text =
    last === undefined
      ? `No backup of ${subject} was ever verified.`
      : `The backups of ${subject} were last verified ${ago(last, now)}; they should be every ${lengthInWords(verifyWithinMs)}.`;
  const when = last === undefined ? {} : { last };
  return [{ code: "unverified", ...about, points: POINTS.unverified, ...when, verifyWithinMs, text }];
}

/** That the newest backup could not take everything. */
export function incompleteReason({ subject, ...about }: About, backups: readonly BackupListItem[]): HealthReason[] {
  const newest = backups[0];
  if (newest?.status !== "problems") return [];
  const { id: backup, problemCount: problems } = newest;
  const text = `The newest backup of ${subject} could not take everything: ${counted(problems, "problem")}.`;
  return [{ code: "incomplete", ...about, points: POINTS.incomplete, backup, problems, text }];
}
