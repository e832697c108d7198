import type { ErrorCode, Json } from "@lifeboat/contracts";
import { type Fields, fieldReader } from "@lifeboat/manifests";
import type { VerifyLevel } from "../verify-run.ts";
import type { PlanTask, RunOutcome, RunRecord } from "./plan-types.ts";

const TASKS: readonly PlanTask[] = ["backup", "verify", "drill", "prune"];
const OUTCOMES: readonly RunOutcome[] = ["succeeded", "failed", "cancelled"];
/** So many characters of a message are kept. */
const MAX_MESSAGE = 2000;

/** A record as its document keeps it, sealed. */
export function recordFields(record: RunRecord): Readonly<Record<string, Json>> {
  const { instance, plan, task, level, due, started, finished, outcome, code, message } = record;
  return {
    instance,
    plan,
    kind: task,
    ...(level === undefined ? {} : { level }),
    ...(due === undefined ? {} : { due: due.toISOString() }),
    started: started.toISOString(),
    finished: finished.toISOString(),
    outcome,
    ...(code === undefined ? {} : { code }),
    ...(message === undefined ? {} : { message: message.slice(0, MAX_MESSAGE) }),
  };
}

/** Reads it back. @throws CORRUPT where a member is not as the specification says */
export function recordOf(id: string, fields: Fields): RunRecord {
  const read = fieldReader("run.read", id);
  const { level, due, code, message } = fields;
  return {
    id,
    instance: read.text(fields.instance, "instance"),
    plan: read.text(fields.plan, "plan"),
    task: TASKS.find((each) => each === fields.kind) ?? read.refuse("kind", TASKS.join(", ")),
    ...(level === undefined ? {} : { level: read.text(level, "level") as VerifyLevel }), // a newer version may know more
    ...(due === undefined ? {} : { due: read.time(due, "due") }),
    started: read.time(fields.started, "started"),
    finished: read.time(fields.finished, "finished"),
    outcome: OUTCOMES.find((each) => each === fields.outcome) ?? read.refuse("outcome", OUTCOMES.join(", ")),
    ...(code === undefined ? {} : { code: read.text(code, "code") as ErrorCode }), // a newer version may know more
    ...(message === undefined ? {} : { message: read.text(message, "message") }),
  };
}
