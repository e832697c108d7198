import type { AppInfo, Clock } from "@lifeboat/contracts";
import type { HealthReport } from "../health/health-types.ts";
import { compose } from "./compose.ts";
import { conditionsOf } from "./conditions.ts";
import { debounce, NOTHING_TOLD, type NotifyRules, type NotifyState, type Told } from "./debounce.ts";
import { anyTrue, type Deliveries } from "./deliveries.ts";
import type { Notification } from "./notify-types.ts";
import { mergeTold, NOTHING_STORED, type ToldMemory } from "./told-memory.ts";
import { createUnderWay } from "./under-way.ts";

/** What a notifier works with. */
export interface NotifierWork {
  readonly instance: string;
  readonly app: AppInfo;
  readonly clock: Clock;
  readonly rules: NotifyRules;
  readonly deliveries: Deliveries;
  readonly notices: Notices;
  onNotification(notification: Notification): void;
}

/** Where sites keep what somebody was told. */
export interface Notices {
  /** `null` where the site can't be read now. */
  load(site: string): Promise<readonly Told[] | null>;
  /** Whether it could be written. */
  save(site: string, told: readonly Told[]): Promise<boolean>;
}

/** Tells people what they should know, once. */
export interface Notifier {
  /** Takes a look at everything. Deliveries go on after it has resolved. */
  take(report: HealthReport): Promise<void>;
  /** Resolves once what was delivered is kept. */
  settled(): Promise<void>;
}

/** Makes a notifier that has told nobody of anything. */
export function createNotifier(work: NotifierWork): Notifier {
  const { instance, app, clock, rules, deliveries, notices } = work;
  let state: NotifyState = NOTHING_TOLD;
  const memories = new Map<string, ToldMemory>();
  const underWay = createUnderWay();
  let saving: Promise<unknown> = Promise.resolve();

  const toldOf = (site: string) => [...state.told.values()].filter((each) => each.site === site && isKept(each));

  async function recall(site: string): Promise<void> {
    const loaded = await notices.load(site);
    if (loaded === null) return;
    const memory = memories.get(site) ?? NOTHING_STORED;
    const merged = mergeTold(toldOf(site), loaded, memory);
    const others = [...state.told.values()].filter((each) => each.site !== site || !isKept(each));
    state = { ...state, told: new Map([...others, ...merged].map((each) => [each.key, each])) };
    memories.set(site, { ...memory, stored: new Map(loaded.map((each) => [each.key, each])) });
  }

  async function keep(site: string): Promise<void> {
    const told = toldOf(site);
    if (!(await notices.save(site, told))) return;
    memories.set(site, { stored: new Map(told.map((each) => [each.key, each])), over: new Map() });
  }

  function remember(site: string, over: readonly Told[]): void {
    const memory = memories.get(site) ?? NOTHING_STORED;
    memories.set(site, { ...memory, over: new Map([...memory.over, ...over.map((e) => [e.key, e.since] as const)]) });
  }

  return {
    async take(report) {
      const reached = report.sites.filter(({ access }) => access === "reached").map(({ site }) => site);
      await Promise.all(reached.map(recall));
      const now = clock.now();
      const decided = debounce(state, conditionsOf(report), now, rules);
      state = decided.state;
      const changed = new Set<string>();
      const delivered = decided.tell.map((telling) => {
        const notification = compose(telling, { instance, app }, now);
        const kept = (telling.kind === "recovered" ? telling.over : [telling.told]).filter(isKept);
        if (telling.kind === "recovered") remember(notification.site, kept);
        if (kept.length > 0) changed.add(notification.site);
        work.onNotification(notification);
        return deliveries.deliver(notification);
      });
      if (delivered.length > 0) underWay.add(follow(anyTrue(delivered), changed));
    },
    settled: () => underWay.idle(),
  };

  /** What nobody has got is told again after a restart. */
  async function follow(brought: Promise<boolean>, sites: ReadonlySet<string>): Promise<void> {
    if (!(await brought)) return;
    saving = saving.then(() => Promise.all([...sites].map(keep)));
    await saving;
  }
}

/** A site that is away can't keep that somebody was told of it. */
function isKept({ type }: Told): boolean {
  return type !== "site-unreachable";
}
