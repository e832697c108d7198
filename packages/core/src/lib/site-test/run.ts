import type { RunContext } from "../run-context.ts";
import type { Outcome, Proof, Step, TestContext, TestJob } from "./context.ts";
import { disk } from "./disk.ts";
import { byLevel, endsTest, findingOf } from "./findings.ts";
import { clock, reach, site, space } from "./look.ts";
import { measure } from "./measure.ts";
import { copy, create, list, read, remove, rights, write } from "./objects.ts";
import { createProbes } from "./probes.ts";
import type { SiteFinding, SiteTestReport, SiteTestStep, SiteTestStepName } from "./report.ts";

interface StepPlan {
  readonly name: SiteTestStepName;
  readonly run: Step;
  readonly needs?: Proof;
  /** Whether it writes, which a read-only storage refuses. */
  readonly writes?: boolean;
  /** Whether it says something also of a storage that can't be reached. */
  readonly always?: boolean;
}

const STEPS: readonly StepPlan[] = [
  { name: "reach", run: reach },
  { name: "site", run: site },
  { name: "rights", run: rights },
  { name: "write", run: write, writes: true },
  { name: "read", run: read, needs: "written" },
  { name: "list", run: list },
  { name: "copy", run: copy, needs: "written" },
  { name: "create", run: create, needs: "written" },
  { name: "clock", run: clock, needs: "written" },
  { name: "delete", run: remove, needs: "written" },
  { name: "measure", run: measure, needs: "deleted" },
  { name: "space", run: space },
  { name: "disk", run: disk, always: true },
];

const LACKING: Readonly<Record<Proof, string>> = {
  written: "Nothing could be written.",
  deleted: "What would be written could not be deleted again.",
};

/** Tests a site. What is wrong is in the report; nothing but an abort, or a site that is unknown, is thrown. */
export async function runSiteTest(engine: RunContext, name: string, job: TestJob): Promise<SiteTestReport> {
  const options = engine.sites.options(name);
  const { storage } = options;
  const { signal } = job;
  const started = new Date();
  const begun = performance.now();
  const findings: SiteFinding[] = [];
  const steps: SiteTestStep[] = [];
  let moved = 0;
  const find = (finding: SiteFinding) => {
    findings.push(finding);
    if (finding.level !== "info") job.warning(finding.code, finding.message);
  };
  const probes = createProbes(storage);
  const test: TestContext = {
    engine,
    name,
    options,
    storage,
    probes,
    signal,
    find,
    measured: {},
    proven: new Set(),
    stamp: null,
    newestBytes: 0,
    moved(bytes) {
      moved += bytes;
      job.done(steps.length, moved);
    },
  };
  let gone = false;

  /** Why a step is not taken; `null` where it is. */
  function hindrance({ needs, writes, always }: StepPlan): string | null {
    if (gone && always !== true) return "The storage can't be used, so there was nothing to try.";
    if (writes && storage.capabilities.access === "read-only") return "The storage is read-only.";
    return needs === undefined || test.proven.has(needs) ? null : LACKING[needs];
  }

  async function take(plan: StepPlan): Promise<Omit<SiteTestStep, "name" | "durationMs">> {
    const lacking = hindrance(plan);
    if (lacking !== null) return { status: "skipped", message: lacking };
    try {
      return described(await plan.run(test));
    } catch (error) {
      signal.throwIfAborted();
      const finding = findingOf(plan.name, error, storage.name);
      find(finding);
      gone ||= endsTest(plan.name, error);
      return { status: "failed", message: finding.message };
    }
  }

  job.phase("testing");
  job.totals({ entries: STEPS.length });
  try {
    for (const plan of STEPS) {
      signal.throwIfAborted();
      const since = performance.now();
      const step = await take(plan);
      steps.push({ name: plan.name, ...step, durationMs: performance.now() - since });
      job.done(steps.length, moved);
    }
  } finally {
    const left = await probes.clear();
    if (left.length > 0) find(leftBehind(left));
  }
  return {
    site: name,
    storage: storage.name,
    ok: findings.every(({ level }) => level !== "error"),
    started,
    durationMs: performance.now() - begun,
    steps,
    findings: byLevel(findings),
    measured: test.measured,
  };
}

function described(outcome: Outcome): Omit<SiteTestStep, "name" | "durationMs"> {
  if (typeof outcome === "string") return { status: "passed", message: outcome };
  return { status: "skipped", message: outcome.skipped };
}

function leftBehind(keys: readonly string[]): SiteFinding {
  const message = `These objects of the test may have stayed in the storage: ${keys.join(", ")}.`;
  const hint = "They can be deleted; the next test that succeeds does so after an hour.";
  return { level: "warning", code: "probe-left", message, hint, step: "delete" };
}
