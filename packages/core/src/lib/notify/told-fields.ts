import type { Json } from "@lifeboat/contracts";
import type { FieldReader, Fields } from "@lifeboat/manifests";
import type { Told } from "./debounce.ts";
import type { AlarmType } from "./notify-types.ts";

const TYPES: readonly AlarmType[] = ["failed", "stale", "verify-failed", "site-unreachable"];

/** What somebody was told of, as a document's members (docs/spec/manifest.md, "Notices"). */
export function toldFields(told: readonly Told[]): Json {
  return told.map(({ key, type, plan, since, facts, last, times }) => ({
    key,
    type,
    ...(plan === undefined ? {} : { plan }),
    since,
    facts,
    last,
    times,
  }));
}

/** Reads it back. */
export function toldOf(site: string, { told }: Fields, read: FieldReader): readonly Told[] {
  return read.array(told, "told").map((value, n): Told => {
    const where = `told[${n}]`;
    const { key, type: found, plan, since, facts, last, times } = read.object(value, where);
    const type = TYPES.find((each) => each === found) ?? read.refuse(`${where}.type`, TYPES.join(", "));
    return {
      key: read.text(key, `${where}.key`),
      type,
      site,
      ...(plan === undefined ? {} : { plan: read.text(plan, `${where}.plan`) }),
      since: read.count(since, `${where}.since`),
      facts: read.array(facts, `${where}.facts`).map((fact) => read.text(fact, `${where}.facts`)),
      last: read.count(last, `${where}.last`),
      times: read.count(times, `${where}.times`),
    };
  });
}
