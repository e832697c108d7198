import { archive } from "@lifeboat/archive";
import type { Source, Storage } from "@lifeboat/contracts";
import { LifeboatError } from "@lifeboat/contracts";
import { createBackupEngine, type EngineEvent, webhook } from "@lifeboat/core";
import { passphrase } from "@lifeboat/crypto";
import { memoryStorage } from "@lifeboat/storage-memory";
import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import { afterEach, describe, expect, it } from "vitest";
import { inMemory, NOW } from "./support.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function source(how: { fail?: Error } = {}): Source {
  return {
    id: "settings",
    async *entries(context) {
      context.report({ path: "diary-of-anna.txt", code: "PERMISSION_DENIED", message: "It may not be read." });
      yield {
        path: "a",
        type: "file",
        size: 5,
        mode: 0o644,
        mtimeMs: 0,
        async *open() {
          yield Buffer.from("hello");
        },
      };
      if (how.fail !== undefined) throw how.fail;
    },
    async restore(_context, entries) {
      for await (const _entry of entries);
    },
  };
}

function host(onEvent: (event: EngineEvent) => void, how: { fail?: Error } = {}, storage: Storage = memoryStorage()) {
  const engine = createBackupEngine({
    app: { name: "nvr", version: "1" },
    threads: 0,
    sources: [source(how)],
    sites: {
      local: { storage, format: archive(), key: passphrase("correct hunter2 battery", { memoryKiB: 1024, passes: 1 }) },
    },
    plans: { nightly: { site: "local", heartbeat: "http://127.0.0.1:1/ping/hunter2?token=hunter2" } },
    notify: [
      webhook({
        url: "http://hunter2:hunter2@127.0.0.1:1/hook/hunter2",
        secret: `whsec_${Buffer.from("hunter2 hunter2 hunter2 hunter2").toString("base64")}`,
      }),
    ],
    onEvent,
  });
  cleanups.push(() => engine.close());
  return engine;
}

describe("The metrics of an engine", () => {
  it("count runs, failures, bytes and entries, and measure durations", async () => {
    const { onEvent, collect } = inMemory();
    const how: { fail?: Error } = {};
    const engine = host(onEvent, how);
    const { id, storedSize } = await engine.backup({ plan: "nightly" });
    await engine.verify({ site: "local", id });
    how.fail = new LifeboatError({ code: "NO_SPACE", operation: "test", message: "The disk is full." });
    await expect(engine.backup({ plan: "nightly" })).rejects.toMatchObject({ code: "NO_SPACE" });
    const found = await collect();
    const nightly = "job.kind=backup plan.name=nightly site.name=local";
    expect(found).toMatchObject({
      "lifeboat.jobs job.kind=backup job.status=succeeded plan.name=nightly site.name=local": 1,
      "lifeboat.jobs error.type=NO_SPACE job.kind=backup job.status=failed plan.name=nightly site.name=local": 1,
      "lifeboat.jobs job.kind=verify job.status=succeeded site.name=local": 1,
      [`lifeboat.job.failures error.type=NO_SPACE ${nightly}`]: 1,
      [`lifeboat.job.active ${nightly}`]: 0,
      [`lifeboat.job.size ${nightly}`]: 5,
      "lifeboat.job.entries job.kind=verify site.name=local": 1,
      [`lifeboat.job.problems ${nightly}`]: 1,
      [`lifeboat.backup.stored ${nightly}`]: storedSize,
      "lifeboat.job.duration job.kind=backup job.status=succeeded plan.name=nightly site.name=local": { count: 1 },
    });
  });

  it("show how many jobs run now", async () => {
    const { onEvent, collect } = inMemory();
    onEvent({ type: "job-started", time: new Date(NOW), job: "x", kind: "backup", site: "local" });
    expect(await collect()).toMatchObject({ "lifeboat.job.active job.kind=backup site.name=local": 1 });
  });

  it("show how everything is: scores, the age of the newest backup, what is stored and what is left", async () => {
    const { onEvent, collect, telemetry } = inMemory();
    const events: EngineEvent[] = [];
    const inner = memoryStorage();
    const storage: Storage = {
      ...inner,
      capabilities: { ...inner.capabilities, space: true },
      space: async () => ({ free: 30, total: 100 }),
    };
    const engine = host((event) => events.push(event), {}, storage);
    const { storedSize, time } = await engine.backup({ plan: "nightly" });
    await engine.close();
    for (const event of events) onEvent(event);
    const age = (NOW - time.getTime()) / 1000;
    const nightly = "plan.name=nightly site.name=local";
    const { score } = events.flatMap((event) => (event.type === "health" ? event.report : [])).at(-1) ?? {};
    expect(await collect()).toMatchObject({
      "lifeboat.health.score site.name=local": score,
      [`lifeboat.health.score ${nightly}`]: score,
      "lifeboat.backup.age site.name=local": age,
      [`lifeboat.backup.age ${nightly}`]: age,
      "lifeboat.backup.count site.name=local": 1,
      "lifeboat.backup.damaged site.name=local": 0,
      "lifeboat.site.usage site.name=local": storedSize,
      "lifeboat.site.free site.name=local": 30,
      "lifeboat.site.limit site.name=local": 100,
    });
    telemetry[Symbol.dispose]();
    const sites = events.flatMap((event) => (event.type === "health" ? event.report.sites : []));
    const worse = { time, score: 1, summary: "", reasons: [], sites: sites.map((site) => ({ ...site, score: 1 })) };
    onEvent({ type: "health", time, report: worse });
    expect(await collect()).toMatchObject({ "lifeboat.health.score site.name=local": score });
  });

  it("have names and units as OpenTelemetry wants them", async () => {
    const { onEvent, everything } = inMemory();
    const engine = host(onEvent);
    await engine.backup({ plan: "nightly" });
    await engine.close();
    const text = await everything();
    const names = [...text.matchAll(/"descriptor":\{"name":"([^"]*)".*?"unit":"([^"]*)"/g)].map(
      ([, name, unit]) => `${name} ${unit}`,
    );
    expect(names.length).toBeGreaterThan(9);
    for (const name of names) expect(name).toMatch(/^lifeboat(\.[a-z][a-z_]*)+ (1|s|By|\{[a-z]+\})$/);
  });

  it("stay bounded, whatever an engine is called with", async () => {
    const { onEvent, collect } = inMemory();
    for (let n = 0; n < 1000; n++) {
      const about = { time: new Date(NOW), job: `job-${n}`, kind: "backup", site: `s${n}`, plan: `p${n}` } as const;
      onEvent({ ...about, type: "job-started" });
      const error = { code: `CODE_${n}` as "NO_SPACE", message: `message ${n}` };
      onEvent({ ...about, type: "job-ended", status: "failed", durationMs: 1, entries: 1, bytes: 1, error });
    }
    const keys = Object.keys(await collect());
    const perMetric = new Map<string, number>();
    for (const key of keys) perMetric.set(key.split(" ")[0] ?? "", (perMetric.get(key.split(" ")[0] ?? "") ?? 0) + 1);
    for (const count of perMetric.values()) expect(count).toBeLessThanOrEqual(101);
    expect(keys).toContain("lifeboat.job.size job.kind=backup plan.name=_OTHER site.name=_OTHER");
  });
});

describe("The spans of an engine", () => {
  it("are one for each job, with one for each phase in it", async () => {
    const { onEvent, spans } = inMemory();
    const engine = host(onEvent);
    const job = engine.backup({ plan: "nightly" });
    const { id } = await job;
    const finished = spans.getFinishedSpans();
    const whole = finished.find(({ name }) => name === "lifeboat.backup");
    expect(whole?.attributes).toMatchObject({
      "lifeboat.job.kind": "backup",
      "lifeboat.job.id": job.id,
      "lifeboat.site.name": "local",
      "lifeboat.plan.name": "nightly",
      "lifeboat.job.status": "succeeded",
      "lifeboat.job.entries": 1,
      "lifeboat.job.size": 5,
      "lifeboat.backup.id": id,
      "lifeboat.job.problems": 1,
    });
    expect(whole?.status.code).toBe(SpanStatusCode.UNSET);
    expect(whole?.events).toMatchObject([
      {
        name: "lifeboat.problem",
        attributes: { "lifeboat.code": "PERMISSION_DENIED", "lifeboat.source.id": "settings" },
      },
    ]);
    const phases = finished.filter(
      ({ parentSpanContext }) => parentSpanContext?.spanId === whole?.spanContext().spanId,
    );
    expect(phases.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["lifeboat.quiescing", "lifeboat.backing-up", "lifeboat.committing"]),
    );
    expect(finished).toHaveLength(phases.length + 1);
    expect(phases.find(({ name }) => name === "lifeboat.backing-up")?.attributes).toMatchObject({
      "lifeboat.job.phase": "backing-up",
      "lifeboat.source.id": "settings",
    });
  });

  it("say why a job failed", async () => {
    const { onEvent, spans } = inMemory();
    const engine = host(onEvent, { fail: new Error("postgres://app:hunter2@db/?x=hunter2 is locked") });
    await expect(engine.backup({ site: "local" })).rejects.toMatchObject({ code: "SOURCE_FAILED" });
    const whole = spans.getFinishedSpans().find(({ name }) => name === "lifeboat.backup");
    expect(whole?.attributes).toMatchObject({ "error.type": "SOURCE_FAILED", "lifeboat.job.status": "failed" });
    expect(whole?.status).toEqual({
      code: SpanStatusCode.ERROR,
      message: 'The source "settings" failed in entries: postgres://db/?… is locked',
    });
  });

  it("lie within what calls the engine", () => {
    const { onEvent, spans, telemetry } = inMemory();
    const traceId = "0123456789abcdef0123456789abcdef";
    const caller = trace.wrapSpanContext({ traceId, spanId: "0123456789abcdef", traceFlags: 1 });
    const active = context.active.bind(context);
    context.active = () => trace.setSpan(active(), caller); // as a context manager does
    onEvent({ type: "job-started", time: new Date(NOW), job: "x", kind: "verify", site: "local" });
    context.active = active;
    telemetry[Symbol.dispose]();
    expect(spans.getFinishedSpans()[0]?.spanContext().traceId).toBe(traceId);
  });

  it("stay few, whatever a job does", () => {
    const { onEvent, spans } = inMemory();
    const about = { time: new Date(NOW), job: "x", kind: "verify", site: "local" } as const;
    onEvent({ ...about, type: "job-started" });
    for (let n = 0; n < 3000; n++) {
      onEvent({ ...about, type: "job-phase", phase: "verifying", source: `s${n}` });
      onEvent({ ...about, type: "job-warning", code: "w", message: "m" });
    }
    onEvent({ ...about, type: "job-ended", status: "succeeded", durationMs: 1, entries: 0, bytes: 0 });
    onEvent({ ...about, type: "job-ended", status: "succeeded", durationMs: 1, entries: 0, bytes: 0 });
    const finished = spans.getFinishedSpans();
    expect(finished).toHaveLength(1001);
    expect(finished.find(({ name }) => name === "lifeboat.verify")?.events).toHaveLength(100);
  });
});

it("Nothing that is emitted holds a secret, a path or content", async () => {
  const { onEvent, everything } = inMemory();
  const events: EngineEvent[] = [];
  const how: { fail?: Error } = {};
  const storage = memoryStorage();
  let away = false;
  const list: Storage["list"] = async function* (prefix, options) {
    if (away)
      throw new LifeboatError({
        code: "UNREACHABLE",
        operation: "x",
        message: "s3://hunter2:hunter2@b/?sig=hunter2 is away.",
      });
    yield* storage.list(prefix, options);
  };
  const engine = host(
    (event) => {
      events.push(event);
      onEvent(event);
    },
    how,
    { ...storage, list },
  );
  const { id } = await engine.backup({ plan: "nightly" });
  await engine.verify({ site: "local", id });
  how.fail = new Error("GET https://hunter2@api.example.org/dump?token=hunter2 failed");
  await expect(engine.backup({ plan: "nightly" })).rejects.toMatchObject({ code: "SOURCE_FAILED" });
  await expect.poll(() => events.map(({ type }) => type)).toContain("notified");
  away = true;
  await expect(engine.backup({ plan: "nightly" })).rejects.toMatchObject({ code: "UNREACHABLE" });
  await engine.close();
  const kinds = new Set(events.map(({ type }) => type));
  expect([...kinds]).toEqual(
    expect.arrayContaining(["job-ended", "job-problem", "plan-ended", "health", "notified", "warning"]),
  );
  const text = await everything();
  expect(text).toContain("SOURCE_FAILED");
  expect(text).not.toMatch(/hunter2|whsec|diary|hello|aHVudGVyMg/);
  expect(JSON.stringify(events)).not.toMatch(/hunter2|whsec|aHVudGVyMg/);
});
