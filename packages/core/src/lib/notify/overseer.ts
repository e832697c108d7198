import { messageOf } from "../errors.ts";
import { type Emit, failureInfo } from "../events/emitter.ts";
import { planEvent } from "../events/plan-events.ts";
import { withoutSecrets } from "../events/redact.ts";
import type { Health } from "../health/health.ts";
import type { PlanEvent } from "../plans/plan-events.ts";
import type { RunContext } from "../run-context.ts";
import { createDeliveries } from "./deliveries.ts";
import { ping } from "./heartbeat.ts";
import { siteNotices } from "./notices.ts";
import { createNotifier, type Notifier } from "./notifier.ts";
import { createPatience, type Patience } from "./patience.ts";
import type { ReadNotify } from "./read-notify.ts";
import { createUnderWay } from "./under-way.ts";
import { createWatch } from "./watch.ts";

/** What looks after an engine: it tells of its plans, pings their heartbeats, looks how everything is, and tells people. */
export interface Overseer {
  start(): void;
  stop(): void;
  /** What is under way has five seconds. */
  close(): Promise<void>;
}

/** What an overseer works with. */
export interface OverseerWork {
  readonly emit: Emit;
  readonly health: Health;
  /** `null`: nobody is to be told of anything. */
  readonly notify: ReadNotify | null;
  /** Whether anybody listens to the engine's events. */
  readonly isHeard: boolean;
}

const GRACE_MS = 5000;

/** Makes what looks after an engine. It does nothing where nobody listens and nobody is to be told. */
export function createOverseer(engine: RunContext, work: OverseerWork): Overseer {
  const { emit, health, notify, isHeard } = work;
  const patience = createPatience(engine.clock);
  const delivering = notify === null ? null : createDelivering(engine, emit, notify, patience);
  const watch = createWatch(engine.clock, look);
  const pings = createUnderWay();
  const isNeeded = notify !== null || isHeard;
  let closed = false;

  async function look(): Promise<void> {
    try {
      const report = await health();
      emit({ type: "health", report });
      await delivering?.notifier.take(report);
    } catch (error) {
      if (!closed) emit({ type: "warning", code: "look-failed", message: failureInfo(error).message });
    }
  }

  function heartbeat({
    plan,
    site,
    url,
  }: {
    readonly plan: string;
    readonly site: string;
    readonly url: string;
  }): void {
    const sent = ping(url, patience.context).catch((error: unknown) => {
      const message = `The heartbeat of the plan "${plan}" could not be sent: ${withoutSecrets(messageOf(error))}`;
      emit({ type: "warning", code: "heartbeat-failed", plan, site, message });
    });
    pings.add(sent);
  }

  function hear(event: PlanEvent): void {
    const plan = engine.plans.get(event.plan);
    if (plan === undefined) return;
    emit(planEvent(event, plan.site));
    if (event.type === "ended" && event.task === "backup" && event.outcome === "succeeded") {
      if (plan.heartbeat !== undefined) heartbeat({ plan: plan.name, site: plan.site, url: plan.heartbeat });
    }
    const isNews = event.type === "site-away" || (event.type === "ended" && event.outcome !== "cancelled");
    if (isNews && isNeeded) watch.ask();
  }

  engine.planEvents.listen(hear);

  async function end(): Promise<void> {
    await watch.close();
    await delivering?.settled();
    await pings.idle();
  }

  return {
    start() {
      if (isNeeded) watch.start();
    },
    stop: () => watch.stop(),
    async close() {
      closed = true;
      await patience.close(end(), GRACE_MS);
    },
  };
}

interface Delivering {
  readonly notifier: Notifier;
  settled(): Promise<void>;
}

function createDelivering(
  engine: RunContext,
  emit: Emit,
  { to, rules }: ReadNotify,
  { context }: Patience,
): Delivering {
  const { app, instance, clock } = engine;
  const deliveries = createDeliveries(to, context, ({ site, plan, type }, error) => {
    const about = { site, ...(plan === undefined ? {} : { plan }) };
    const message = `A notification (${type}) could not be delivered: ${withoutSecrets(messageOf(error))}`;
    emit({ type: "warning", code: "not-delivered", ...about, message });
  });
  const notifier = createNotifier({
    instance,
    app,
    clock,
    rules,
    deliveries,
    notices: siteNotices(engine, emit),
    onNotification: (notification) => emit({ type: "notified", notification }),
  });
  return {
    notifier,
    async settled() {
      await deliveries.idle();
      await notifier.settled();
    },
  };
}
