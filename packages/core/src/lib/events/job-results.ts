import type { Backup } from "../backup.ts";
import type { SiteVerifyReport } from "../verify/site-verify-types.ts";
import type { VerifyReport } from "../verify-run.ts";
import type { JobResult } from "./engine-events.ts";

/** What a backup came to. */
export function backupResult({ id, problemCount, storedSize }: Backup): JobResult {
  return { backup: id, problems: problemCount, storedBytes: storedSize };
}

/** What a verification came to, of one backup or of a site. */
export function verifyResult(report: VerifyReport | SiteVerifyReport): JobResult {
  return { ...("id" in report ? { backup: report.id } : {}), ok: report.ok, problems: report.problemCount };
}
