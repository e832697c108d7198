import { LifeboatError } from "@lifeboat/contracts";
import type { JobRegistry } from "../jobs.ts";
import { isPruneHeld, pruneWork } from "../retention/prune-plan.ts";
import type { RunContext } from "../run-context.ts";
import { createAlarm, stopped } from "./alarm.ts";
import { backupWork } from "./backup-lane.ts";
import { createLane, type Lane } from "./lane.ts";
import type { Plan } from "./plan.ts";
import type { PlanFacts } from "./plan-facts.ts";
import { runPlanVerify } from "./plan-verify.ts";
import type { Schedule } from "./schedule.ts";
import { taskWork } from "./task-lane.ts";

/** What lets plans run by themselves. */
export interface Scheduler {
  readonly started: boolean;
  /** @throws INVALID where the engine is closed */
  start(): void;
  /** Cancels what it runs, and resolves once nothing of it is left. */
  stop(): Promise<void>;
  /** The same for good. */
  close(): Promise<void>;
  /** The lanes of a plan; none where nothing was started. */
  lanes(plan: string): readonly Lane[];
}

/** Makes a scheduler for an engine's plans. It does nothing before it is started. */
export function createScheduler(engine: RunContext, jobs: JobRegistry): Scheduler {
  let running: {
    readonly lanes: readonly Lane[];
    readonly end: Promise<unknown>;
    readonly stop: AbortController;
  } | null = null;
  let closed = false;

  async function stop(): Promise<void> {
    if (running === null) return;
    const { stop, end } = running;
    stop.abort(stopped());
    await end;
    if (running?.end === end) running = null;
  }

  return {
    get started() {
      return running !== null && !running.stop.signal.aborted;
    },
    start() {
      if (closed) throw closedEngine();
      if (running !== null && !running.stop.signal.aborted) return;
      const before = running?.end;
      const stop = new AbortController();
      const lanes = lanesOf(engine, jobs);
      const end = Promise.resolve(before).then(() => Promise.all(lanes.map((lane) => lane.run(stop.signal))));
      running = { lanes, end, stop };
    },
    stop,
    close() {
      closed = true;
      return stop();
    },
    lanes: (plan) => running?.lanes.filter((lane) => lane.plan === plan) ?? [],
  };
}

function lanesOf(engine: RunContext, jobs: JobRegistry): Lane[] {
  const alarm = createAlarm(engine.clock);
  return [...engine.plans.values()]
    .flatMap((plan) => worksOf(engine, jobs, plan))
    .map((work) => createLane(engine, alarm, work));
}

function worksOf(engine: RunContext, jobs: JobRegistry, plan: Plan) {
  const { schedule, prune, verify } = plan;
  const backups = schedule === null ? [] : [backupWork(engine, jobs, plan, schedule)];
  const verifications = verify.map((each) =>
    taskWork(engine, jobs, plan, each.schedule, {
      task: each.level === "restore" ? "drill" : "verify",
      kind: "verify",
      level: each.level,
      isHeld: ({ lastSuccess }: PlanFacts) => lastSuccess === null,
      run: (site, job) => runPlanVerify(engine, plan, each, site, job),
    }),
  );
  const prunes = prune === null ? [] : [pruneLane(engine, jobs, plan, prune)];
  return [...backups, ...prunes, ...verifications];
}

function pruneLane(engine: RunContext, jobs: JobRegistry, plan: Plan, schedule: Schedule) {
  return taskWork(engine, jobs, plan, schedule, {
    ...pruneWork(engine, plan, { alwaysFree: true }),
    isHeld: isPruneHeld,
  });
}

function closedEngine(): LifeboatError {
  return new LifeboatError({ code: "INVALID", operation: "start", message: "The engine is closed." });
}
