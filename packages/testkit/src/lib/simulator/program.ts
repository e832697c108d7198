import { type Dice, dice } from "./random.ts";
import type { Weather } from "./weather.ts";

/** What a host does. */
export type ActionKind = "backup" | "list" | "delete" | "verify" | "restore" | "prune" | "repair";

/** One thing that a host does, after a pause. */
export interface Action {
  /** Its name in traces, and what leaves it out: `a.3`. */
  readonly name: string;
  readonly kind: ActionKind;
  readonly pause: number;
}

/** A host and all that it does. */
export interface Program {
  readonly name: string;
  /** The id of its source; two hosts may have the same. */
  readonly source: string;
  readonly skew: number;
  readonly drift: number;
  readonly actions: readonly Action[];
}

const KINDS: readonly ActionKind[] = [
  ...(["backup", "backup", "backup", "backup", "backup"] as const),
  ...(["delete", "delete", "prune", "prune", "prune"] as const),
  ...(["list", "verify", "restore", "repair"] as const),
];

/** Hosts in a hurry: after a backup of each, one makes room, another fills it, others do either. */
const HURRIED: readonly (readonly ActionKind[])[] = [
  ["delete", "prune", "prune"],
  ["backup", "backup", "backup"],
  ["list", "backup", "list", "prune"],
];
/** They meet so long after their first backups: what is younger than an hour a prune may leave alone. */
const MEETING_MS = 3 * 3_600_000;
const LONG_AFTER_MS = 3_600_000;

/** What all hosts of a seed do. */
export function programsOf(seed: number, weather: Weather, abilities: ReadonlySet<ActionKind>): Program[] {
  const random = dice(seed, "programs");
  const kinds = KINDS.filter((kind) => abilities.has(kind));
  return Array.from({ length: 2 + random.below(weather.hurry ? 2 : 3) }, (_, n) => {
    const name = String.fromCodePoint(97 + n);
    return {
      name,
      source: random.chance(0.7) || weather.hurry ? `files-${name}` : "files",
      skew: weather.skew === 0 ? 0 : random.below(2 * weather.skew) - weather.skew,
      drift: weather.skew === 0 ? 0 : (random.below(2001) - 1000) / 1e6,
      actions: weather.hurry
        ? hurried(random, weather, name, HURRIED[n] ?? random.pick(HURRIED) ?? [])
        : Array.from({ length: 2 + random.below(4) }, (_each, at) =>
            action(random, weather, kinds, `${name}.${at}`, n + at === 0),
          ),
    };
  });
}

function hurried(random: Dice, { pause }: Weather, name: string, kinds: readonly ActionKind[]): Action[] {
  const length = 2 + random.below(kinds.length - 1);
  const first: Action = { name: `${name}.0`, kind: "backup", pause: random.span(1, 60_000) };
  const others = kinds.slice(0, length).map((kind, n) => {
    const isLast = n === length - 1; // perhaps long after, when others have been given up
    const wait = isLast && random.chance(0.6) ? random.span(60_000, LONG_AFTER_MS) : random.span(1, pause);
    return { name: `${name}.${n + 1}`, kind, pause: n === 0 ? MEETING_MS + wait : wait };
  });
  return [first, ...others];
}

function action(
  random: Dice,
  { pause }: Weather,
  kinds: readonly ActionKind[],
  name: string,
  isFirst: boolean,
): Action {
  const kind = random.pick(kinds) ?? "backup";
  return { name, kind: isFirst ? "backup" : kind, pause: random.span(1, pause) };
}
