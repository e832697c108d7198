import type { Json, RunInfo } from "@lifeboat/contracts";
import type { FieldReader } from "./fields.ts";

/** What documents keep of who made a backup, and for which plan. */
export function runFields({ instance, plan, due }: RunInfo): Json {
  return {
    instance,
    ...(plan === undefined ? {} : { plan }),
    ...(due === undefined ? {} : { due: due.toISOString() }),
  };
}

/** Reads it back. @throws CORRUPT where a member is not as the specification says */
export function readRunFields(value: unknown, where: string, read: FieldReader): RunInfo {
  const { instance, plan, due } = read.object(value, where);
  return {
    instance: read.text(instance, `${where}.instance`),
    ...(plan === undefined ? {} : { plan: read.text(plan, `${where}.plan`) }),
    ...(due === undefined ? {} : { due: read.time(due, `${where}.due`) }),
  };
}
