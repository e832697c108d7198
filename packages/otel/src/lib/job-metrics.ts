import type { EngineEvent } from "@lifeboat/core";
import type { Meter } from "@opentelemetry/api";
import { ERROR_TYPE, jobAttributes, STATUS } from "./attributes.ts";
import type { Labels } from "./labels.ts";

/** In seconds: from what is over at once to what takes half a day. */
const DURATIONS = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200];

/** Makes what counts and measures jobs. */
export function jobMetrics(meter: Meter, labels: Labels): (event: EngineEvent) => void {
  const active = meter.createUpDownCounter("lifeboat.job.active", {
    description: "Jobs that run now.",
    unit: "{job}",
  });
  const jobs = meter.createCounter("lifeboat.jobs", { description: "Jobs that have ended.", unit: "{job}" });
  const failures = meter.createCounter("lifeboat.job.failures", { description: "Jobs that failed.", unit: "{job}" });
  const duration = meter.createHistogram("lifeboat.job.duration", {
    description: "How long jobs took.",
    unit: "s",
    advice: { explicitBucketBoundaries: DURATIONS },
  });
  const size = meter.createCounter("lifeboat.job.size", {
    description: "Content that jobs have gone through.",
    unit: "By",
  });
  const entries = meter.createCounter("lifeboat.job.entries", {
    description: "Files, directories and links that jobs have gone through.",
    unit: "{entry}",
  });
  const stored = meter.createCounter("lifeboat.backup.stored", {
    description: "What backups that were made take in their storages.",
    unit: "By",
  });
  const problems = meter.createCounter("lifeboat.job.problems", {
    description: "Entries that could not be taken, and problems that verifications found.",
    unit: "{problem}",
  });

  return (event) => {
    if (event.type === "job-started") active.add(1, jobAttributes(event, labels));
    if (event.type !== "job-ended") return;
    const about = jobAttributes(event, labels);
    const type = event.error === undefined ? {} : { [ERROR_TYPE]: labels.of(ERROR_TYPE, event.error.code) };
    const ended = { ...about, ...type, [STATUS]: event.status };
    active.add(-1, about);
    jobs.add(1, ended);
    if (event.status === "failed") failures.add(1, { ...about, ...type });
    duration.record(event.durationMs / 1000, ended);
    size.add(event.bytes, about);
    entries.add(event.entries, about);
    const { storedBytes, problems: found } = event.result ?? {};
    if (storedBytes !== undefined) stored.add(storedBytes, about);
    if (found !== undefined) problems.add(found, about);
  };
}
