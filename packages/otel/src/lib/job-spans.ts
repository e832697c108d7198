import type { EngineEvent } from "@lifeboat/core";
import { type Context, context, type Span, SpanStatusCode, type Tracer, trace } from "@opentelemetry/api";
import { ERROR_TYPE, KIND, PLAN, SITE, SOURCE, STATUS } from "./attributes.ts";

/** What turns jobs into spans. */
export interface JobSpans extends Disposable {
  take(event: EngineEvent): void;
}

interface Running {
  readonly span: Span;
  readonly inside: Context;
  phase?: Span;
  phases: number;
  events: number;
}

/** So many phases of a job have a span of their own. */
const MOST_PHASES = 1000;
/** So many of a job's warnings and problems are told one by one. */
const MOST_EVENTS = 100;

/** Makes a span for each job, within what calls the engine, and one for each of its phases within that. */
export function jobSpans(tracer: Tracer): JobSpans {
  const running = new Map<string, Running>();

  function begin(event: Extract<EngineEvent, { type: "job-started" }>): void {
    const { kind, site, plan, job, time } = event;
    const attributes = {
      [KIND]: kind,
      [SITE]: site,
      ...(plan === undefined ? {} : { [PLAN]: plan }),
      "lifeboat.job.id": job,
    };
    const span = tracer.startSpan(`lifeboat.${kind}`, { startTime: time, attributes });
    running.set(job, { span, inside: trace.setSpan(context.active(), span), phases: 0, events: 0 });
  }

  function phase(one: Running, { phase, source, time }: Extract<EngineEvent, { type: "job-phase" }>): void {
    one.phase?.end(time);
    delete one.phase;
    one.phases += 1;
    if (one.phases > MOST_PHASES) return;
    const attributes = { "lifeboat.job.phase": phase, ...(source === undefined ? {} : { [SOURCE]: source }) };
    one.phase = tracer.startSpan(`lifeboat.${phase}`, { startTime: time, attributes }, one.inside);
  }

  /** What an entry is called, and what was wrong with it, stays with the host. */
  function note(one: Running, event: Extract<EngineEvent, { type: "job-warning" | "job-problem" }>): void {
    one.events += 1;
    if (one.events > MOST_EVENTS) return;
    if (event.type === "job-warning")
      one.span.addEvent("lifeboat.warning", { "lifeboat.code": event.code }, event.time);
    else one.span.addEvent("lifeboat.problem", { "lifeboat.code": event.code, [SOURCE]: event.source }, event.time);
  }

  function end({ span, phase }: Running, event: Extract<EngineEvent, { type: "job-ended" }>): void {
    const { status, entries, bytes, result, error, time } = event;
    phase?.end(time);
    const { backup, problems, storedBytes } = result ?? {};
    span.setAttributes({
      [STATUS]: status,
      "lifeboat.job.entries": entries,
      "lifeboat.job.size": bytes,
      ...(backup === undefined ? {} : { "lifeboat.backup.id": backup }),
      ...(problems === undefined ? {} : { "lifeboat.job.problems": problems }),
      ...(storedBytes === undefined ? {} : { "lifeboat.backup.stored": storedBytes }),
      ...(error === undefined ? {} : { [ERROR_TYPE]: error.code }),
    });
    if (status === "failed" && error !== undefined) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    }
    span.end(time);
  }

  return {
    take(event) {
      if (event.type === "job-started") begin(event);
      const one = "job" in event ? running.get(event.job) : undefined;
      if (one === undefined) return;
      if (event.type === "job-phase") phase(one, event);
      else if (event.type === "job-warning" || event.type === "job-problem") note(one, event);
      else if (event.type === "job-ended") {
        running.delete(event.job);
        end(one, event);
      }
    },
    [Symbol.dispose]() {
      for (const { span, phase } of running.values()) {
        phase?.end();
        span.end();
      }
      running.clear();
    },
  };
}
