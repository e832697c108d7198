import { parseBackupId } from "@lifeboat/manifests";
import type { JobControl } from "./job.ts";
import type { FoundLease } from "./leases.ts";
import { rememberRun } from "./plans/remember-run.ts";
import type { RunContext } from "./run-context.ts";
import type { OpenSite } from "./sites.ts";

/**
 * Remembers the runs of plans that have died: nobody else can say any more why there is no backup, and a host that
 * dies of its backups must not begin the next one at once, again and again.
 */
export async function rememberEnded(
  engine: RunContext,
  site: OpenSite,
  ended: readonly FoundLease[],
  job: JobControl,
): Promise<void> {
  for (const { id, lease } of ended) {
    const { instance, plan, due } = lease?.run ?? {};
    if (lease === null || instance === undefined || plan === undefined) continue;
    const { host, pid } = lease.holder;
    const record = {
      instance,
      plan,
      task: "backup",
      ...(due === undefined ? {} : { due }),
      started: parseBackupId(id)?.time ?? new Date(0),
      finished: new Date(engine.clock.now()),
      outcome: "failed",
      message: `The process that made it (${pid} on ${host}) ended, or was not heard of for two minutes.`,
    } as const;
    await rememberRun(engine, site, record, job);
  }
}
