import type { BackupListItem } from "../backup.ts";
import { withoutSecrets } from "../events/redact.ts";
import { corruptReason, incompleteReason, unverifiedReason } from "./backup-reasons.ts";
import type { HealthRules, SiteFacts } from "./health-facts.ts";
import type { HealthReason } from "./health-types.ts";
import { POINTS } from "./points.ts";
import { bytesInWords, withoutStop } from "./words.ts";

const MIN_FREE_SHARE = 0.05;

/** Why a site loses points by itself. `others`: its backups that are of no plan of this engine, newest first. */
export function siteReasons(
  facts: SiteFacts,
  others: readonly BackupListItem[],
  rules: HealthRules,
  now: number,
): readonly HealthReason[] {
  const { site, plans, unread } = facts;
  const about = { site, subject: `the site "${site}"` };
  const alone = plans.length === 0;
  return [
    ...siteAway(facts),
    ...diskNearlyFull(facts, rules),
    ...(alone ? neverRan(facts) : []),
    ...corruptReason(about, { backups: others, all: facts.backups, records: [] }, now),
    ...(alone && unread === 0 ? unverifiedReason(about, others, [], rules, now) : []),
    ...(alone ? incompleteReason(about, others) : []),
  ];
}

function siteAway({ site, access }: SiteFacts): HealthReason[] {
  if (access.status !== "away") return [];
  const message = withoutSecrets(access.message);
  const text = `The site "${site}" can't be looked at: ${withoutStop(message)}.`;
  return [{ code: "site-away", site, points: POINTS.siteAway, cause: access.cause, message, text }];
}

function neverRan({ site, access, backups, unread }: SiteFacts): HealthReason[] {
  if (access.status === "away" || backups.length > 0 || unread > 0) return [];
  return [{ code: "never-ran", site, points: POINTS.neverRan, text: `There is no backup on the site "${site}" yet.` }];
}

/** One more backup like the newest must have room, and then some. */
function diskNearlyFull({ site, space, backups }: SiteFacts, { minFree }: HealthRules): HealthReason[] {
  if (space === undefined) return [];
  const { free, total } = space;
  const newest = backups.find((backup) => backup.status !== "damaged");
  const next = newest?.storedSize ?? 0;
  const isFull = free < next;
  if (!isFull && free >= (minFree ?? MIN_FREE_SHARE * total)) return [];
  const enough = isFull ? `, the newest backup took ${bytesInWords(next)}` : "";
  return [
    {
      code: "disk-nearly-full",
      site,
      points: isFull ? POINTS.diskFull : POINTS.diskNearlyFull,
      free,
      total,
      text: `The site "${site}" is nearly full: ${bytesInWords(free)} of ${bytesInWords(total)} are free${enough}.`,
    },
  ];
}
