import { type AbortOptions, isLifeboatError, type VerificationResult } from "@lifeboat/contracts";
import { backupKey, MANIFEST_NAME, VERIFIED_NAME, withVerification } from "@lifeboat/manifests";
import { isDamage, messageOf } from "../errors.ts";
import type { JobControl } from "../job.ts";
import type { OpenSite } from "../sites.ts";

/** What was found of one backup. */
export interface VerifiedOne {
  readonly id: string;
  readonly result: VerificationResult;
}

/** So many are written at once. */
const LANES = 8;

/** Keeps the results of verifications with their backups. That it can't is a warning, not a failure. */
export async function rememberResults(site: OpenSite, found: readonly VerifiedOne[], job: JobControl): Promise<void> {
  const queue = found.values();
  let failure: { readonly error: unknown } | undefined;
  const lane = async () => {
    for (const { id, result } of queue) {
      if (failure !== undefined) return; // what refuses one refuses all
      try {
        await remember(site, id, result, job);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  job.signal.throwIfAborted();
  if (failure === undefined) return;
  job.warning(
    "result-not-kept",
    `What the verification found could not be kept with ${found.length === 1 ? "the backup" : "the backups"}: ${messageOf(failure.error)}`,
  );
}

/**
 * Looks for the manifest before it writes and after: the backup may be deleted meanwhile, elsewhere too. A deletion
 * takes the manifest first and then all else, so either it takes this, or it is seen here.
 */
async function remember(site: OpenSite, id: string, result: VerificationResult, options: AbortOptions): Promise<void> {
  const { context, repository } = site;
  const { signal } = options;
  const exists = async () => (await context.storage.stat(backupKey(id, MANIFEST_NAME), { signal })) !== null;
  if (!(await exists())) return;
  const known = await verificationsOf(site, id, { signal });
  await repository.setVerifications(id, withVerification(known, result), { signal });
  if (!(await exists())) await context.storage.delete([backupKey(id, VERIFIED_NAME)], { signal });
}

/** What is known of a backup's verifications; what can't be read tells nothing, and costs no more than verifying again. */
export async function verificationsOf(
  { repository }: OpenSite,
  id: string,
  options: AbortOptions,
): Promise<readonly VerificationResult[]> {
  try {
    return await repository.verifications(id, options);
  } catch (error) {
    if (isDamage(error) || isLifeboatError(error, "NOT_FOUND")) return [];
    throw error;
  }
}
