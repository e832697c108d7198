import { Worker } from "node:worker_threads";
import { isLifeboatError } from "@lifeboat/contracts";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createThreads } from "../src/index.ts";
import { type EchoTask, startEcho } from "./fixtures/echo.handler.ts";
import code from "./fixtures/echo.worker.ts?worker-code";

const start = (size: number) =>
  createThreads<{ greeting: string }, EchoTask, unknown>({
    code,
    inline: startEcho,
    data: { greeting: "hello" },
    size,
    name: "echo",
  });

describe.each([
  { where: "worker threads", size: 2 },
  { where: "the calling thread", size: 0 },
])("Tasks on $where", ({ size }) => {
  it("are answered, each with its own result", async () => {
    await using threads = start(size);
    const values = Array.from({ length: 50 }, (_, n) => n);
    const answers = await Promise.all(values.map((value) => threads.run({ op: "echo", value })));
    expect(answers).toEqual(values.map((value) => `hello ${value}`));
  });

  it("fail alone, with everything that the error said", async () => {
    await using threads = start(size);
    const error = await threads.run({ op: "fail", how: "lifeboat" }).catch((caught: unknown) => caught);
    expect(isLifeboatError(error, "CORRUPT")).toBe(true);
    expect(error).toMatchObject({ operation: "test", key: "a/b", hint: "mend it", cause: { code: "ENOENT" } });
    await expect(threads.run({ op: "fail", how: "system" })).rejects.toMatchObject({ code: "ENOENT" });
    await expect(threads.run({ op: "fail", how: "plain" })).rejects.toMatchObject({ name: "RangeError" });
    expect(await threads.run({ op: "echo", value: 1 })).toBe("hello 1");
  });

  it("move buffers there and back", async () => {
    await using threads = start(size);
    const bytes = new Uint8Array(1024);
    const back = await threads.run({ op: "buffer", bytes }, { transfer: [bytes.buffer] });
    expect((back as Uint8Array)[0]).toBe(42);
    if (size > 0) expect(bytes.length).toBe(0);
  });

  it("stop being waited for when they are cancelled", async () => {
    await using threads = start(size);
    const controller = new AbortController();
    const running = threads.run({ op: "block", ms: 20 }, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    await expect(threads.run({ op: "count" }, { signal: controller.signal })).rejects.toThrow("enough");
    expect(await threads.run({ op: "count" })).toBe(1);
  });

  it("are refused after disposal", async () => {
    const threads = start(size);
    await threads.run({ op: "count" });
    await threads[Symbol.asyncDispose]();
    await expect(threads.run({ op: "count" })).rejects.toThrow("stopped");
  });
});

it("The first tasks are answered on the calling thread where a worker would come too late for them", async () => {
  await using threads = createThreads<{ greeting: string }, EchoTask, unknown>({
    code,
    inline: startEcho,
    data: { greeting: "hello" },
    size: 1,
    inlineFirst: 2,
    name: "echo",
  });
  const ask = () => threads.run({ op: "count" });
  expect(threads.isInline).toBe(true);
  expect(await threads.run({ op: "count" }, { inlineFirst: false })).toBe(1); // it has to wait for a disk, say
  expect(threads.isInline).toBe(true);
  expect(await Promise.all([ask(), ask(), ask(), ask()])).toEqual([1, 2, 2, 3]); // two places, each with a count of its own
  expect(threads.isInline).toBe(false);
});

describe("Worker threads", () => {
  it("work at the same time, and leave the calling thread free", async () => {
    await using threads = start(2);
    await Promise.all([threads.run({ op: "count" }), threads.run({ op: "count" })]);
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    await Promise.all([threads.run({ op: "block", ms: 60 }), threads.run({ op: "block", ms: 60 })]);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(3);
  });

  it("keep state where the pool is of one", async () => {
    await using threads = start(1);
    const counts = await Promise.all(Array.from({ length: 5 }, () => threads.run({ op: "count" })));
    expect(counts).toEqual([1, 2, 3, 4, 5]);
  });

  it("that die fail what they were working on instead of leaving it waiting", async () => {
    await using threads = start(1);
    await expect(threads.run({ op: "die" })).rejects.toThrow("stopped");
    await expect(threads.run({ op: "count" })).rejects.toThrow("stopped");
  });

  it("that are stopped fail what is unanswered", async () => {
    const threads = start(1);
    const running = threads.run({ op: "block", ms: 5000 });
    running.catch(() => undefined);
    await threads[Symbol.asyncDispose]();
    await expect(running).rejects.toThrow("stopped");
  });

  it("keep the process alive until they have stopped, though an answer arrives meanwhile", async () => {
    const threads = start(1);
    await threads.run({ op: "count" });
    const answered = threads.run({ op: "count" });
    const unref = vi.spyOn(Worker.prototype, "unref");
    vi.spyOn(Worker.prototype, "terminate").mockImplementationOnce(async function (this: Worker) {
      await answered; // as where the thread is busy outside of JavaScript, and ends late
      return this.terminate();
    });
    onTestFinished(() => void vi.restoreAllMocks());
    await threads[Symbol.asyncDispose]();
    expect(unref).not.toHaveBeenCalled();
  });
});
