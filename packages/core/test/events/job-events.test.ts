import { archive } from "@lifeboat/archive";
import { type Clock, LifeboatError, type Source, systemClock } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { expect, it } from "vitest";
import { createBackupEngine, type EngineEvent } from "../../src/index.ts";
import { APP, KEY, later, texts } from "../support.ts";

const START = Date.UTC(2026, 10, 20, 2);

/** An engine whose clock goes on by a second whenever it is looked at. */
function listened(source: Source, listener?: (event: EngineEvent) => void) {
  const events: EngineEvent[] = [];
  let seconds = 0;
  const clock: Clock = { ...systemClock, now: () => START, monotonic: () => 1000 * seconds++ };
  const engine = createBackupEngine({
    app: APP,
    threads: 0,
    clock,
    sources: [source],
    sites: { local: { storage: memoryStorage(), key: KEY, format: archive() } },
    onEvent: listener ?? ((event) => events.push(event)),
  });
  later(() => engine.close());
  return { engine, events };
}

it("A listener is told how a job goes, from its start to what it came to", async () => {
  const { engine, events } = listened(texts("notes", { "a.txt": "hello" }));
  const job = engine.backup({ site: "local" });
  const { id, storedSize } = await job;
  const base = { job: job.id, kind: "backup", site: "local", time: new Date(START) };
  expect(events[0]).toEqual({ ...base, type: "job-started" });
  expect(events.flatMap((event) => (event.type === "job-phase" ? [event.phase] : []))).toEqual([
    "sweeping",
    "quiescing",
    "backing-up",
    "resuming",
    "committing",
    "sweeping",
  ]);
  expect(events.at(-1)).toEqual({
    ...base,
    type: "job-ended",
    status: "succeeded",
    durationMs: expect.any(Number),
    entries: 1,
    bytes: 5,
    result: { backup: id, problems: 0, storedBytes: storedSize },
  });
  await engine.verify({ site: "local", id });
  expect(events.at(-1)).toMatchObject({ kind: "verify", result: { backup: id, ok: true, problems: 0 } });
  await engine.verify({ site: "local" });
  expect(events.at(-1)).toMatchObject({ kind: "verify", result: { ok: true, problems: 0 } });
});

it("A listener is told why a job failed, without what is secret in it", async () => {
  const { engine, events } = listened(
    texts(
      "notes",
      {},
      {
        async *entries() {
          yield* [];
          throw new Error("connect ECONNREFUSED postgres://app:hunter2@db:5432/app?sslkey=abc");
        },
      },
    ),
  );
  await expect(engine.backup({ site: "local" })).rejects.toMatchObject({ code: "SOURCE_FAILED" });
  expect(events.at(-1)).toMatchObject({
    type: "job-ended",
    status: "failed",
    error: { code: "SOURCE_FAILED", message: expect.stringContaining("postgres://db:5432/app?…") },
  });
  expect(JSON.stringify(events)).not.toMatch(/hunter2|abc/);
});

it("A listener is told that a job was cancelled, and of an error that is none of ours", async () => {
  const { engine, events } = listened(texts("notes", {}));
  const job = engine.backup({ site: "local" });
  job.cancel("enough");
  await expect(job).rejects.toMatchObject({ code: "ABORTED" });
  expect(events.at(-1)).toMatchObject({ type: "job-ended", status: "cancelled", error: { code: "ABORTED" } });
  await expect(engine.backup({ site: "local", signal: AbortSignal.abort("why") })).rejects.toBe("why");
  expect(events.at(-1)).toMatchObject({ status: "cancelled", error: { code: "UNKNOWN", message: "why" } });
});

it("A listener is told of problems and warnings", async () => {
  const { engine, events } = listened(
    texts(
      "notes",
      { a: "a" },
      {
        async *entries(context) {
          context.report({ path: "b", code: "PERMISSION_DENIED", message: "See https://x:y@example.org/?z." });
          yield* [];
        },
      },
    ),
  );
  await engine.backup({ site: "local", allowEmpty: true });
  expect(events).toContainEqual(
    expect.objectContaining({
      type: "job-problem",
      source: "notes",
      path: "b",
      code: "PERMISSION_DENIED",
      message: "See https://example.org/?….",
    }),
  );
});

it("A listener that throws stops nothing, and is told of once", async () => {
  const warnings: string[] = [];
  const onWarning = (warning: Error) => {
    if (warning.name === "LifeboatWarning") warnings.push(warning.message);
  };
  process.on("warning", onWarning);
  later(async () => process.off("warning", onWarning));
  const { engine } = listened(texts("notes", { a: "a" }), () => {
    throw new LifeboatError({ code: "INVALID", operation: "test", message: "The disk of the log is full." });
  });
  await engine.backup({ site: "local" });
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual(["The listener of the backup engine's events threw: The disk of the log is full."]);
});
