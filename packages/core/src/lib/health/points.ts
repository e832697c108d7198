/** What each reason costs of 100 points (docs/guide/health-and-notifications.md). */
export const POINTS = {
  neverRan: 70,
  sourceNeverRan: 20,
  overdue: 40,
  /** Older than twice what it may be. */
  longOverdue: 70,
  sourceOverdue: 20,
  failedOnce: 15,
  failing: 30,
  /** Verifications and drills that could not be made, prunes that could not free room. */
  taskFailing: 10,
  corruptNewest: 50,
  corruptOlder: 20,
  unverified: 10,
  incomplete: 5,
  siteAway: 40,
  diskNearlyFull: 15,
  /** Not even one more backup like the newest has room. */
  diskFull: 30,
  otherInstance: 10,
} as const;
