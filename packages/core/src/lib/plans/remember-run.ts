import { messageOf } from "../errors.ts";
import type { JobControl } from "../job.ts";
import type { RunContext } from "../run-context.ts";
import type { OpenSite } from "../sites.ts";
import type { NewRunRecord } from "./run-records.ts";
import { within } from "./within.ts";

/** A site as it is known when it could not even be opened. */
export interface ClosedSite {
  readonly name: string;
  readonly context?: undefined;
}

const LIMIT_MS = 10_000;

/**
 * Remembers how a run ended: in its site, or, where that can't be opened or written, in memory until it can. It may be
 * called after the run was stopped, and takes no longer than ten seconds.
 */
export async function rememberRun(
  { clock, records }: RunContext,
  site: OpenSite | ClosedSite,
  record: NewRunRecord,
  job: Pick<JobControl, "warning" | "tidying">,
): Promise<void> {
  if (site.context === undefined) {
    records.keep(site.name, record);
    return;
  }
  const onTrim = (error: unknown) =>
    job.warning("records-kept", `Old run records could not be taken away: ${messageOf(error)}`);
  try {
    const options = { signal: job.tidying };
    await within(clock, LIMIT_MS, options, (signal) => records.write(site, record, { signal, warn: onTrim }));
  } catch (error) {
    records.keep(site.name, record);
    job.warning("record-kept", `How the run ended can't be written to the site yet: ${messageOf(error)}`);
  }
}
