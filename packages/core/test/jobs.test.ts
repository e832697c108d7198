import type { JobEvent } from "@lifeboat/contracts";
import { describe, expect, it } from "vitest";
import { createEventLog } from "../src/lib/event-log.ts";
import { createJobs } from "../src/lib/jobs.ts";
import { createMeter } from "../src/lib/meter.ts";
import { collect, gate, host, keys, textEntry, texts } from "./support.ts";

const coded = (code: string) => expect.objectContaining({ code });
const wait = (source: { opened: Promise<void> }, begun: { open(): void }) => ({
  async *entries(context: { signal: AbortSignal }) {
    begun.open();
    await Promise.race([
      source.opened,
      new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(context.signal.reason))),
    ]);
    yield textEntry("a", "1");
  },
});

describe("a job", () => {
  it("tells its phases in order, its progress, and ends with all done", async () => {
    const { engine } = host({ sources: [texts("settings", { a: "12345" }), texts("media", { b: "123" })] });
    await engine.backup({ site: "local" });
    const job = engine.backup({ site: "local" });
    const events = await collect(job);
    const phases = events.flatMap((event) =>
      event.type === "phase" ? [`${event.phase}${event.source ? ` ${event.source}` : ""}`] : [],
    );
    expect(phases).toEqual([
      "sweeping",
      "quiescing",
      "backing-up settings",
      "backing-up media",
      "resuming",
      "committing",
      "sweeping",
    ]);
    expect(job.progress).toMatchObject({ entries: 2, bytes: 8, totalEntries: 2, totalBytes: 8 });
    expect(job.status).toBe("succeeded");
    expect(job.finished).toBeInstanceOf(Date);
    expect(await collect(job), "a reader that comes late misses nothing").toEqual(
      events
        .filter(({ type }) => type !== "progress")
        .concat(events.filter(({ type }) => type === "progress").slice(-1)),
    );
  });

  it("is found again by its id, with its outcome", async () => {
    const { engine } = host({ sources: [texts("settings", { a: "1" })] });
    const job = engine.backup({ site: "local" });
    expect(engine.jobs.get(job.id)).toBe(job);
    expect(job.status).toBe("running");
    await job;
    expect(engine.jobs.list()[0]?.status).toBe("succeeded");
    expect(engine.jobs.get("none")).toBeUndefined();
  });

  it("that fails and is not awaited harms nobody, but tells", async () => {
    const failing = texts(
      "settings",
      {},
      {
        entries: () => {
          throw new Error("disk on fire");
        },
      },
    );
    const { engine } = host({ sources: [failing] });
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on("unhandledRejection", note);
    const job = engine.backup({ site: "local" });
    await collect(job);
    await new Promise(setImmediate);
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
    expect(job.status).toBe("failed");
    expect(job.error).toMatchObject({
      code: "SOURCE_FAILED",
      cause: expect.objectContaining({ message: "disk on fire" }),
    });
  });

  it("can be cancelled; then nothing of it is left", async () => {
    const [go, begun] = [gate(), gate()];
    const { engine, storage } = host({ sources: [texts("first", { a: "1" }), texts("settings", {}, wait(go, begun))] });
    const job = engine.backup({ site: "local" });
    await begun.opened;
    job.cancel("the user left");
    await expect(job).rejects.toThrow(
      expect.objectContaining({ code: "ABORTED", message: expect.stringContaining("the user left") }),
    );
    expect(job.status).toBe("cancelled");
    expect(await keys(storage)).toEqual(["lifeboat.copy.json", "lifeboat.json"]);
  });

  it("stops with the reason of the caller's signal, unwrapped", async () => {
    const [go, begun] = [gate(), gate()];
    const { engine } = host({ sources: [texts("settings", {}, wait(go, begun))] });
    const controller = new AbortController();
    const job = engine.backup({ site: "local", signal: controller.signal });
    await begun.opened;
    const reason = new Error("shutting down");
    controller.abort(reason);
    await expect(job).rejects.toBe(reason);
    expect(job.status).toBe("cancelled");
  });

  it("is cancelled when the engine closes, which then refuses everything", async () => {
    const [go, begun] = [gate(), gate()];
    const { engine } = host({ sources: [texts("settings", {}, wait(go, begun))] });
    const job = engine.backup({ site: "local" });
    await begun.opened;
    await engine.close();
    expect(job.status).toBe("cancelled");
    await expect(engine.backup({ site: "local" })).rejects.toThrow(coded("INVALID"));
    await expect(engine.planRestore({ site: "local", id: "x" })).rejects.toThrow(coded("INVALID"));
    await expect(engine.backups.list({ site: "local" })).rejects.toThrow(coded("INVALID"));
  });
});

describe("the jobs of an engine", () => {
  it("are the running ones and the last 100 finished ones", async () => {
    const jobs = createJobs(() => ({ event() {}, ended() {} }));
    const open = gate();
    const running = jobs.start({ kind: "verify", site: "x" }, () => open.opened);
    const finished = Array.from({ length: 150 }, () => jobs.start({ kind: "verify", site: "x" }, async () => {}));
    await Promise.all(finished);
    await new Promise(setImmediate);
    expect(jobs.list()).toHaveLength(101);
    expect(jobs.get(running.id)).toBe(running);
    expect(jobs.get(finished[0]!.id)).toBeUndefined();
    open.open();
    await running;
  });
});

describe("a reader of events that lags", () => {
  it("gets the latest progress, and misses nothing else", async () => {
    const log = createEventLog();
    const reader = log.read();
    const progress = (bytes: number) => ({ phase: "backing-up", entries: 0, bytes, bytesPerSecond: 0 }) as const;
    const seen: JobEvent[] = [];
    for (let i = 0; i < 1000; i++) log.progress(progress(i));
    log.add({ type: "warning", code: "a", message: "" });
    for (let i = 0; i < 1000; i++) log.progress(progress(1000 + i));
    log.add({ type: "warning", code: "b", message: "" });
    log.end();
    for await (const event of reader) seen.push(event);
    expect(seen).toEqual([
      { type: "warning", code: "a", message: "" },
      { type: "warning", code: "b", message: "" },
      { type: "progress", progress: progress(1999) },
    ]);
  });

  it("can leave", async () => {
    const log = createEventLog();
    log.add({ type: "warning", code: "a", message: "" });
    for await (const event of log.read()) {
      expect(event.type).toBe("warning");
      break;
    }
  });
});

describe("the pace of work", () => {
  it("is smoothed, and gives the time that is left", () => {
    let now = 0;
    const meter = createMeter(() => now);
    let pace = meter.pace(0, 10_000);
    for (let i = 1; i <= 50; i++) {
      now = i * 100;
      pace = meter.pace(i * 100, 10_000);
    }
    expect(pace.bytesPerSecond).toBeCloseTo(1000);
    expect(pace.remainingMs).toBeCloseTo(5000);
    now += 100;
    pace = meter.pace(5000, 10_000);
    expect(pace.bytesPerSecond).toBeGreaterThan(900);
    expect(meter.pace(5000)).not.toHaveProperty("remainingMs");
  });
});
