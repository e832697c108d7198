import { type JobKind, type JobPhase, type JobProgress, LifeboatError } from "@lifeboat/contracts";
import { durationInWords } from "../plans/duration.ts";
import { bytes as bytesInWords } from "../site-test/words.ts";

const KINDS: Readonly<Record<JobKind, string>> = {
  backup: "backup",
  verify: "verification",
  restore: "restore",
  copy: "copy",
  prune: "prune",
  repair: "repair",
  test: "test",
};

/** What a job is doing; the source takes the place of the dots. */
const PHASES: Readonly<Record<JobPhase, string>> = {
  preparing: "getting ready",
  quiescing: "asking … to hold still",
  "backing-up": "backing up …",
  committing: "committing …",
  sweeping: "clearing away what earlier runs left",
  verifying: "verifying …",
  checking: "checking …",
  restoring: "restoring …",
  copying: "copying …",
  comparing: "comparing …",
  planning: "planning",
  repacking: "repacking",
  waiting: "waiting for others",
  deleting: "deleting",
  repairing: "repairing …",
  testing: "testing …",
  resuming: "letting its sources go on",
};

/** What a job was at when its time was over. */
export interface Overdue {
  readonly kind: JobKind;
  readonly limitMs: number;
  readonly progress: JobProgress;
  /** Since when nothing has moved. */
  readonly idleMs: number;
}

/** How long, and for how much of its time, a job has stood still where that is worth a word. */
const IDLE_MS = 1000;
const IDLE_SHARE = 0.1;

/** Says that a job was stopped by its time limit, and what it was busy with. */
export function timedOut({ kind, limitMs, progress, idleMs }: Overdue): LifeboatError {
  const { phase, source } = progress;
  const at = PHASES[phase].replace("…", source === undefined ? "it" : JSON.stringify(source));
  const idle =
    idleMs > Math.max(IDLE_MS, limitMs * IDLE_SHARE) ? ` Nothing had moved for ${durationInWords(idleMs)}.` : "";
  const hint =
    idle === ""
      ? "If it takes so long each time, raise limits.time, or make it less at a time."
      : "Look whether the storage and the source answer; if it takes so long each time, raise limits.time.";
  return new LifeboatError({
    code: "TIMEOUT",
    operation: kind,
    reason: "time-limit",
    key: source,
    retryable: true,
    message: `The ${KINDS[kind]} was stopped after ${durationInWords(limitMs)}, its time limit, while it was ${at} (${doneInWords(progress)}).${idle}`,
    hint,
  });
}

function doneInWords({ entries, bytes, totalBytes }: JobProgress): string {
  const of = totalBytes === undefined ? "" : ` of about ${bytesInWords(totalBytes)}`;
  return `${entries} ${entries === 1 ? "entry" : "entries"} and ${bytesInWords(bytes)}${of} done`;
}
