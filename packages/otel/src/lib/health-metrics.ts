import type { EngineEvent, HealthReport } from "@lifeboat/core";
import type { Attributes, BatchObservableResult, Meter, Observable } from "@opentelemetry/api";
import { placeAttributes } from "./attributes.ts";
import type { Labels } from "./labels.ts";

/** What shows how everything is, by what the engine last told. */
export interface HealthMetrics extends Disposable {
  take(event: EngineEvent): void;
}

/** Makes what is asked for whenever metrics are collected. */
export function healthMetrics(meter: Meter, labels: Labels, now: () => number): HealthMetrics {
  const gauge = (name: string, description: string, unit: string) =>
    meter.createObservableGauge(name, { description, unit });
  const gauges = {
    score: gauge("lifeboat.health.score", "From 0 to 100: how a site, or a plan, is.", "1"),
    age: gauge("lifeboat.backup.age", "How old the newest backup of a site, or of a plan, is.", "s"),
    count: gauge("lifeboat.backup.count", "Backups on a site.", "{backup}"),
    damaged: gauge("lifeboat.backup.damaged", "Backups on a site that are known to be damaged.", "{backup}"),
    usage: gauge("lifeboat.site.usage", "What the backups of a site take in its storage.", "By"),
    free: gauge("lifeboat.site.free", "Room that is left in a site's storage.", "By"),
    limit: gauge("lifeboat.site.limit", "Room that a site's storage has in all.", "By"),
  };
  const all: Observable[] = Object.values(gauges);
  let report: HealthReport | null = null;

  function observe(result: BatchObservableResult): void {
    for (const site of report?.sites ?? []) {
      const about = placeAttributes(site, labels);
      result.observe(gauges.score, site.score, about);
      if (site.access !== "reached") continue;
      observeAge(result, site, about);
      result.observe(gauges.count, site.backups.count, about);
      result.observe(gauges.damaged, site.backups.damaged, about);
      result.observe(gauges.usage, site.backups.storedBytes, about);
      if (site.space !== undefined) {
        result.observe(gauges.free, site.space.free, about);
        result.observe(gauges.limit, site.space.total, about);
      }
    }
    for (const plan of (report?.sites ?? []).flatMap((site) => site.plans)) {
      const about = placeAttributes(plan, labels);
      result.observe(gauges.score, plan.score, about);
      observeAge(result, plan, about);
    }
  }

  function observeAge(
    result: BatchObservableResult,
    { lastSuccess }: { readonly lastSuccess?: { readonly time: Date } },
    about: Attributes,
  ): void {
    if (lastSuccess !== undefined) result.observe(gauges.age, (now() - lastSuccess.time.getTime()) / 1000, about);
  }

  meter.addBatchObservableCallback(observe, all);
  return {
    take(event) {
      if (event.type === "health") report = event.report;
    },
    [Symbol.dispose]() {
      meter.removeBatchObservableCallback(observe, all);
    },
  };
}
