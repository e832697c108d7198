import type { EngineEvent } from "@lifeboat/core";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { telemetry } from "../src/index.ts";

export const NOW = Date.UTC(2026, 10, 20, 2);

/** Telemetry that keeps what it emits in memory. */
export function inMemory() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const spans = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const made = telemetry({ meterProvider, tracerProvider, now: () => NOW });
  const onEvent = (event: EngineEvent) => made.onEvent(event);

  /** What there is now: by the name of the metric and its attributes, the value. */
  async function collect(): Promise<Record<string, unknown>> {
    exporter.reset();
    await reader.forceFlush();
    const metrics = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    return Object.fromEntries(
      metrics.flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => [`${descriptor.name} ${words(attributes)}`, value]),
      ),
    );
  }

  /** Everything that was emitted, as text. */
  async function everything(): Promise<string> {
    exporter.reset();
    await reader.forceFlush();
    const finished = spans
      .getFinishedSpans()
      .map(({ name, attributes, events, status }) => ({ name, attributes, events, status }));
    return JSON.stringify([exporter.getMetrics(), finished]);
  }

  return { onEvent, collect, everything, spans, telemetry: made, reader };
}

/** `a=1 b=2`, without what stands before the last two words of a name. */
function words(attributes: Readonly<Record<string, unknown>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name.replace(/^lifeboat\./, "")}=${String(value)}`)
    .sort()
    .join(" ");
}
