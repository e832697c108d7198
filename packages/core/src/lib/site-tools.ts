import type { AbortOptions, Job } from "@lifeboat/contracts";
import type { JobRegistry } from "./jobs.ts";
import type { RunContext } from "./run-context.ts";
import type { SiteTestReport } from "./site-test/report.ts";
import { runSiteTest } from "./site-test/run.ts";

/** What can be done with sites as such. */
export interface SiteTools<Site extends string = string> {
  /**
   * Tries out all that backups, restores and pruning need of a site: reaches it, looks
   * what lies there, writes, reads, lists, copies, creates and deletes probes of its own,
   * compares clocks, measures, and asks for the room. Makes no site, touches no backup,
   * and leaves nothing behind. What is wrong is in the report, in words that name the
   * right or setting that is missing.
   *
   * The job rejects only with NOT_FOUND for an unknown site, and where it is cancelled.
   */
  test(site: Site, options?: AbortOptions): Job<SiteTestReport>;
}

/** The tools of an engine. */
export function createSiteTools(engine: RunContext, jobs: JobRegistry): SiteTools {
  return {
    test: (site, { signal } = {}) =>
      jobs.start({ kind: "test", site, signal }, (job) => runSiteTest(engine, site, job)),
  };
}
