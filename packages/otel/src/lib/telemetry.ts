import type { EngineListener } from "@lifeboat/core";
import { type MeterProvider, metrics, type TracerProvider, trace } from "@opentelemetry/api";
import { healthMetrics } from "./health-metrics.ts";
import { jobMetrics } from "./job-metrics.ts";
import { jobSpans } from "./job-spans.ts";
import { Labels } from "./labels.ts";

/** Options of {@link telemetry}. */
export interface TelemetryOptions {
  /** Default: the global one. */
  readonly meterProvider?: MeterProvider | undefined;
  /** Default: the global one. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** What time it is, in milliseconds since 1970; how old the newest backup is, is reckoned by it. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
}

/** What an engine tells, as metrics and traces. */
export interface Telemetry extends Disposable {
  /** Give it to `createBackupEngine({ onEvent })`. */
  readonly onEvent: EngineListener;
}

/** The name of the instrumentation scope. */
const SCOPE = "@lifeboat/otel";

/**
 * Turns what an engine tells into OpenTelemetry's metrics and spans. It makes them of the engine's events alone; their
 * names begin with `lifeboat.`, and the README lists them. Secrets, paths and contents are in none of them, and the
 * number of time series is bounded. Disposing of it ends open spans and takes its gauges back.
 */
export function telemetry(options: TelemetryOptions = {}): Telemetry {
  const meter = (options.meterProvider ?? metrics.getMeterProvider()).getMeter(SCOPE);
  const tracer = (options.tracerProvider ?? trace.getTracerProvider()).getTracer(SCOPE);
  const labels = new Labels();
  const jobs = jobMetrics(meter, labels);
  const health = healthMetrics(meter, labels, options.now ?? Date.now);
  const spans = jobSpans(tracer);
  return {
    onEvent(event) {
      jobs(event);
      health.take(event);
      spans.take(event);
    },
    [Symbol.dispose]() {
      health[Symbol.dispose]();
      spans[Symbol.dispose]();
    },
  };
}
