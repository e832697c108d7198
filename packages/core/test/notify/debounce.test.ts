import { describe, expect, it } from "vitest";
import type { Condition, Seen } from "../../src/lib/notify/conditions.ts";
import { debounce, NOTHING_TOLD, type NotifyRules } from "../../src/lib/notify/debounce.ts";
import type { AlarmType } from "../../src/lib/notify/notify-types.ts";

const HOUR = 3_600_000;
const MINUTE = 60_000;
const RULES: NotifyRules = { remindAfterMs: 24 * HOUR, awayForMs: 15 * MINUTE };

/** `failed nightly NO_SPACE`: a condition of a plan; `site-unreachable offsite`: of a site. */
function condition(words: string): Condition {
  const [type = "", name = "", ...facts] = words.split(" ");
  const isSite = type === "site-unreachable";
  const about = isSite ? { site: name } : { site: "local", plan: name };
  const reason = { code: "failing", ...about } as unknown as Condition["reason"];
  return { key: `${type} ${name}`, type: type as AlarmType, ...about, since: isSite ? null : 0, facts, reason };
}

interface Look {
  /** So long after the last one. Default: 15 minutes. */
  readonly after?: number;
  readonly see: readonly string[];
  /** Sites that can't be looked at. */
  readonly blind?: readonly string[];
  readonly tell: readonly string[];
}

const stories: readonly [string, readonly Look[], Partial<NotifyRules>?][] = [
  ["tells nothing where nothing is", [{ see: [], tell: [] }]],
  [
    "tells a condition once, and that it is over",
    [
      { see: ["failed nightly NO_SPACE"], tell: ["failed nightly"] },
      { see: ["failed nightly NO_SPACE"], tell: [] },
      { see: ["failed nightly NO_SPACE"], tell: [] },
      { see: [], tell: ["recovered nightly: failed"] },
      { see: [], tell: [] },
    ],
  ],
  [
    "tells again what comes again",
    [
      { see: ["stale nightly"], tell: ["stale nightly"] },
      { see: [], tell: ["recovered nightly: stale"] },
      { see: ["stale nightly"], tell: ["stale nightly"] },
    ],
  ],
  [
    "tells another cause, and none twice",
    [
      { see: ["failed nightly NO_SPACE"], tell: ["failed nightly"] },
      { see: ["failed nightly TIMEOUT"], tell: ["failed nightly"] },
      { see: ["failed nightly NO_SPACE"], tell: [] },
      { see: ["failed nightly TIMEOUT"], tell: [] },
    ],
  ],
  [
    "tells of further damaged backups, and not of fewer",
    [
      { see: ["verify-failed nightly a b"], tell: ["verify-failed nightly"] },
      { see: ["verify-failed nightly a"], tell: [] },
      { see: ["verify-failed nightly a c"], tell: ["verify-failed nightly"] },
    ],
  ],
  [
    "reminds after a day, and a day after that",
    [
      { see: ["failed nightly NO_SPACE"], tell: ["failed nightly"] },
      { after: 23 * HOUR, see: ["failed nightly NO_SPACE"], tell: [] },
      { after: HOUR, see: ["failed nightly NO_SPACE"], tell: ["failed nightly"] },
      { after: 23 * HOUR, see: ["failed nightly NO_SPACE"], tell: [] },
      { after: HOUR, see: ["failed nightly NO_SPACE"], tell: ["failed nightly"] },
    ],
  ],
  [
    "reminds as often as it is told to",
    [
      { see: ["stale nightly"], tell: ["stale nightly"] },
      { after: HOUR, see: ["stale nightly"], tell: ["stale nightly"] },
    ],
    { remindAfterMs: HOUR },
  ],
  [
    "never reminds where that is not wanted",
    [
      { see: ["stale nightly"], tell: ["stale nightly"] },
      { after: 9000 * HOUR, see: ["stale nightly"], tell: [] },
    ],
    { remindAfterMs: null },
  ],
  [
    "reminds although the clock was set back by years",
    [
      { see: ["stale nightly"], tell: ["stale nightly"] },
      { after: -9000 * HOUR, see: ["stale nightly"], tell: ["stale nightly"] },
      { see: ["stale nightly"], tell: [] },
    ],
  ],
  [
    "tells of a site that is away once it has been so for a while",
    [
      { see: ["site-unreachable offsite"], tell: [] },
      { after: 14 * MINUTE, see: ["site-unreachable offsite"], tell: [] },
      { after: MINUTE, see: ["site-unreachable offsite"], tell: ["site-unreachable offsite"] },
      { see: ["site-unreachable offsite"], tell: [] },
      { see: [], tell: ["recovered offsite: site-unreachable"] },
    ],
  ],
  [
    "tells nothing of a site that is back soon",
    [
      { see: ["site-unreachable offsite"], tell: [] },
      { after: 10 * MINUTE, see: [], tell: [] },
      { after: 10 * MINUTE, see: ["site-unreachable offsite"], tell: [] },
    ],
  ],
  [
    "takes nothing for over that it can't see",
    [
      { see: ["failed nightly NO_SPACE"], tell: ["failed nightly"] },
      { see: ["site-unreachable local"], blind: ["local"], tell: [] },
      { see: ["site-unreachable local"], blind: ["local"], tell: ["site-unreachable local"] },
      { see: ["failed nightly NO_SPACE"], tell: ["recovered local: site-unreachable"] },
      { see: [], tell: ["recovered nightly: failed"] },
    ],
  ],
  [
    "tells once that a plan is well again, whatever was wrong with it",
    [
      { see: ["failed nightly NO_SPACE", "stale nightly"], tell: ["failed nightly", "stale nightly"] },
      { see: [], tell: ["recovered nightly: failed stale"] },
    ],
  ],
  [
    "tells what is over of a plan although more is wrong with it",
    [
      { see: ["failed nightly NO_SPACE", "stale nightly"], tell: ["failed nightly", "stale nightly"] },
      { see: ["stale nightly"], tell: ["recovered nightly: failed"] },
    ],
  ],
  [
    "tells plans apart",
    [
      { see: ["stale nightly", "stale weekly"], tell: ["stale nightly", "stale weekly"] },
      { see: ["stale weekly"], tell: ["recovered nightly: stale"] },
      { see: [], tell: ["recovered weekly: stale"] },
    ],
  ],
];

describe("What people are told", () => {
  it.each(stories)("%s", (_, looks, rules = {}) => {
    let state = NOTHING_TOLD;
    let now = Date.UTC(2026, 10, 20);
    for (const [n, { after = 15 * MINUTE, see, blind = [], tell }] of looks.entries()) {
      now += after;
      const seen: Seen = {
        conditions: see.map(condition),
        isSeen: ({ type, site }) => type === "site-unreachable" || !blind.includes(site),
      };
      const decided = debounce(state, seen, now, { ...RULES, ...rules });
      state = decided.state;
      const told = decided.tell.map((each) => {
        if (each.kind === "alarm") return `${each.told.type} ${each.told.plan ?? each.told.site}`;
        const [first] = each.over;
        return `recovered ${first?.plan ?? first?.site}: ${each.over.map(({ type }) => type).join(" ")}`;
      });
      expect(told, `look ${n + 1}`).toEqual(tell);
    }
  });
});
