import type { Storage } from "@lifeboat/contracts";
import type { JobControl } from "../job.ts";
import type { SiteOptions } from "../options.ts";
import type { RunContext } from "../run-context.ts";
import type { Probes } from "./probes.ts";
import type { SiteFinding, SiteMeasurements } from "./report.ts";

/** What the steps of one test share. */
export interface TestContext {
  readonly engine: RunContext;
  /** The host's name for the site. */
  readonly name: string;
  readonly options: SiteOptions;
  readonly storage: Storage;
  readonly probes: Probes;
  readonly signal: AbortSignal;
  readonly measured: { -readonly [Name in keyof SiteMeasurements]: SiteMeasurements[Name] };
  /** What has been proven so far: a step that needs it is skipped without. */
  readonly proven: Set<Proof>;
  /** When the probe was written, by the storage's clock and by this machine's: before and after. */
  stamp: { readonly storage: Date; readonly before: number; readonly after: number } | null;
  /** Bytes that the newest backup takes in the storage; 0 without one. */
  newestBytes: number;
  readonly find: (finding: SiteFinding) => void;
  /** Tells how many bytes were moved. */
  readonly moved: (bytes: number) => void;
}

/** `written`: the small probe is there. `deleted`: what is written can be deleted again. */
export type Proof = "written" | "deleted";

/** What a step answers: a sentence, or why there was nothing to do. */
export type Outcome = string | { readonly skipped: string };

/** One step. What it throws becomes a finding. */
export type Step = (test: TestContext) => Promise<Outcome>;

/** What a job brings along. */
export type TestJob = Pick<JobControl, "signal" | "phase" | "totals" | "done" | "warning">;
