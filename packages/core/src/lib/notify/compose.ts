import { createHash } from "node:crypto";
import type { AppInfo } from "@lifeboat/contracts";
import { lengthInWords } from "../health/words.ts";
import type { AlarmReason } from "./conditions.ts";
import type { Telling, Told } from "./debounce.ts";
import type { AlarmType, Notification } from "./notify-types.ts";

/** Who tells. */
export interface Teller {
  readonly instance: string;
  readonly app: AppInfo;
}

/** Puts what is to be told into words and data. */
export function compose(telling: Telling, { instance, app }: Teller, now: number): Notification {
  const about = { time: new Date(now), instance, app };
  if (telling.kind === "recovered") {
    const { over } = telling;
    const since = Math.min(...over.map((each) => each.since));
    const { site = "", plan } = over[0] ?? {};
    const from = [...new Set(over.map(({ type }) => type))].sort();
    const id = idOf([instance, "recovered", site, plan ?? "", since, ...over.map(nameOf).sort()]);
    const named = { site, ...(plan === undefined ? {} : { plan }) };
    const what = from.map((type) => WORDS[type]).join(", and no longer ");
    const text = `${subjectOf(named)} no longer ${what}, after ${lengthInWords(now - since)}.`;
    return { ...about, ...named, type: "recovered", id, since: new Date(since), from, text };
  }
  const { condition, told, reminder } = telling;
  const { site, plan, reason } = condition;
  const named = { site, ...(plan === undefined ? {} : { plan }) };
  const id = idOf([instance, nameOf(told)]);
  const text = reminder ? `Still so after ${lengthInWords(now - told.since)}: ${reason.text}` : reason.text;
  return { ...about, ...named, id, since: new Date(told.since), reminder, text, ...typed(reason) };
}

function typed(reason: AlarmReason) {
  switch (reason.code) {
    case "failing":
      return { type: "failed", reason } as const;
    case "overdue":
      return { type: "stale", reason } as const;
    case "corrupt":
      return { type: "verify-failed", reason } as const;
    case "site-away":
      return { type: "site-unreachable", reason } as const;
  }
}

const WORDS: Readonly<Record<AlarmType, string>> = {
  failed: "fails",
  stale: "is overdue",
  "verify-failed": "has damaged backups",
  "site-unreachable": "is out of reach",
};

function subjectOf({ site, plan }: { readonly site: string; readonly plan?: string }): string {
  return plan === undefined ? `The site "${site}"` : `The plan "${plan}"`;
}

/** All processes of an instance that look at the same give the same answer. */
function nameOf({ key, since, facts, times }: Told): string {
  return JSON.stringify([key, since, [...facts].sort(), times]);
}

function idOf(parts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}
