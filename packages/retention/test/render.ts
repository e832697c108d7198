import type { Trigger } from "@lifeboat/contracts";
import {
  applyRetention,
  describeReasons,
  type RetentionBackup,
  type RetentionOptions,
  type RetentionPolicy,
} from "../src/index.ts";

/** A backup that began at this moment; its id is the moment as it is written here. */
export function at(
  time: string,
  more: Partial<RetentionBackup> & { readonly trigger?: Trigger } = {},
): RetentionBackup {
  return { id: time, time: new Date(time), trigger: "scheduled", sources: [{ id: "settings" }], ...more };
}

/** The history, the policy and every decision as a text that a person can check. */
export function render(
  backups: readonly RetentionBackup[],
  policy: RetentionPolicy,
  { now, timeZone, sources }: RetentionOptions,
): string {
  const { keep, remove, excessBytes } = applyRetention(backups, policy, {
    now,
    timeZone,
    ...(sources === undefined ? {} : { sources }),
  });
  const kept = keep.map(({ backup, reasons }) => ({ backup, text: describeReasons(reasons) }));
  const removed = remove.map(({ backup, reasons }) => ({ backup, text: describeReasons(reasons) }));
  const order = new Map([...backups].sort(byTime).map(({ id }, place) => [id, place]));
  const lines = [...kept, ...removed]
    .sort((a, b) => (order.get(a.backup.id) ?? 0) - (order.get(b.backup.id) ?? 0))
    .map(({ backup, text }) => `${local(backup.time, timeZone)}  ${what(backup)}  ${text}`);
  return [
    `policy   ${JSON.stringify(policy)}`,
    `now      ${local(now, timeZone)}`,
    ...(sources === undefined ? [] : [`sources  ${sources.join(", ")}`]),
    `keeps    ${keep.length} of ${backups.length}${excessBytes === 0 ? "" : `, ${excessBytes} bytes too much`}`,
    "",
    ...lines,
    "",
  ].join("\n");
}

function byTime(a: RetentionBackup, b: RetentionBackup): number {
  return b.time.getTime() - a.time.getTime() || (a.id < b.id ? 1 : -1);
}

function local(time: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZoneName: "longOffset",
  });
  const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
  const { weekday, year, month, day, hour, minute, timeZoneName = "" } = parts;
  return `${weekday} ${year}-${month}-${day} ${hour}:${minute} ${timeZoneName.replace("GMT", "") || "+00:00"}`;
}

function what({ trigger, state, sources, size, preserve }: RetentionBackup): string {
  const held = sources.map(({ id, whole }) => (whole === false ? `${id} in part` : id)).join(" + ");
  return [
    trigger,
    ...(state === undefined ? [] : [state]),
    ...(preserve === true ? ["preserved"] : []),
    `of ${held || "nothing"}`,
    ...(size === undefined ? [] : [`${size} B`]),
  ].join(" ");
}
