import { createHash, randomBytes } from "node:crypto";
import { type SftpServer, startRcloneSftp, startSshd } from "@lifeboat/test-servers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { all, failureOf, inPieces, proxyTo, read, storageOn } from "./helpers.ts";

const MIB = 1024 * 1024;
let sshd: SftpServer;
let rclone: SftpServer;

beforeAll(async () => {
  [sshd, rclone] = await Promise.all([startSshd(), startRcloneSftp({ cache: "writes" })]);
});
afterAll(async () => {
  await Promise.all([sshd?.stop(), rclone?.stop()]);
});

const bytes = randomBytes(24 * MIB);
const digest = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");

describe.each([
  ["OpenSSH", () => sshd],
  ["rclone", () => rclone],
])("with %s behind a bad line", (name, server) => {
  for (const how of ["rst", "fin"] as const) {
    test(`an upload goes on after cuts by ${how}, and is whole`, async () => {
      const proxy = await proxyTo(server());
      const storage = storageOn(server(), { port: proxy.port });
      await proxy.set({ cut: { direction: "up", afterBytes: 5 * MIB, how, times: 3 } });
      const done = await storage.put("a/b", inPieces(bytes, 77_777)).then(
        ({ size }) => size,
        (error: { code: string }) => error.code,
      );
      if (name === "rclone") return expect(done).toBe("UNREACHABLE"); // it forgets what it had acknowledged
      expect(done).toBe(bytes.length);
      expect(proxy.stats.connections).toBeGreaterThanOrEqual(4);
      await proxy.set({});
      expect(digest(await read(storage.get("a/b")))).toBe(digest(bytes));
      expect((await all(storage.list(""))).map(({ key }) => key)).toEqual(["a/b"]);
      await storage.sweep?.({ olderThan: 0 });
      expect(await storage.sweep?.({ olderThan: 0 })).toBe(0);
    });

    test(`a download goes on after cuts by ${how}, and is whole`, async () => {
      const proxy = await proxyTo(server());
      const storage = storageOn(server(), { port: proxy.port });
      await storage.put("a", bytes);
      await proxy.set({ cut: { direction: "down", afterBytes: 5 * MIB, how, times: 3 } });
      expect(digest(await read(storage.get("a")))).toBe(digest(bytes));
      expect(proxy.stats.connections).toBeGreaterThanOrEqual(4);
    });
  }

  test("an outage of a second is borne by every call", async () => {
    const proxy = await proxyTo(server());
    const storage = storageOn(server(), { port: proxy.port });
    await storage.put("a", Buffer.from("1"));
    const outage = proxy.outage(1000);
    const calls = Promise.all([
      storage.put("b", inPieces(bytes.subarray(0, 3 * MIB), 100_000)),
      storage.stat("a"),
      read(storage.get("a")),
      all(storage.list("")),
      storage.delete(["c", "d"]),
    ]);
    await outage;
    const [put, stat, body] = await calls;
    expect([put.size, stat?.size, body.toString()]).toEqual([3 * MIB, 1, "1"]);
  });

  test("a black hole ends in a timeout within the idle time, not in a hang", async () => {
    const proxy = await proxyTo(server());
    const storage = storageOn(server(), {
      port: proxy.port,
      idleTimeoutMs: 1000,
      connectTimeoutMs: 3000,
      outageMs: 500,
    });
    await storage.put("a", bytes.subarray(0, MIB));
    await proxy.set({ blackhole: "both" });
    const begun = Date.now();
    const errors = await Promise.all([
      failureOf(storage.put("b", inPieces(bytes, 100_000))),
      failureOf(read(storage.get("a"))),
      failureOf(storage.stat("a")),
      failureOf(all(storage.list(""))),
      failureOf(storage.delete(["a"])),
    ]);
    expect(errors.map(({ code }) => code)).toEqual(Array(5).fill("TIMEOUT"));
    expect(Date.now() - begun).toBeLessThan(30_000);
  });

  test("a body that stays silent for minutes keeps its connection", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const proxy = await proxyTo(server());
    const storage = storageOn(server(), { port: proxy.port });
    async function* slow() {
      yield bytes.subarray(0, 3 * MIB);
      let [before, still] = [-1, 0];
      const rests = () => {
        const same = proxy.stats.down === before && proxy.stats.up > 2.9 * MIB;
        before = proxy.stats.down;
        still = same ? still + 1 : 0;
        return still >= 10; // an answer may still be on its way on a busy machine
      };
      await expect.poll(rests).toBe(true);
      await vi.advanceTimersByTimeAsync(60_000);
      yield bytes.subarray(3 * MIB, 5 * MIB);
    }
    expect((await storage.put("slow", slow())).size).toBe(5 * MIB);
    expect(digest(await read(storage.get("slow")))).toBe(digest(bytes.subarray(0, 5 * MIB)));
  });

  test("a stall that ends in time is borne", async () => {
    const proxy = await proxyTo(server());
    const storage = storageOn(server(), { port: proxy.port });
    await storage.connect?.();
    await proxy.set({ stall: "both", next: { afterMs: 400, faults: {} } });
    expect((await storage.put("a", inPieces(bytes, 100_000))).size).toBe(bytes.length);
  });

  test("an abort ends every call at once, though the server is silent", async () => {
    const proxy = await proxyTo(server());
    const storage = storageOn(server(), { port: proxy.port, idleTimeoutMs: 60_000 });
    await storage.put("a", bytes);
    const reading = storage.get("a")[Symbol.asyncIterator]();
    await reading.next();
    await proxy.set({ blackhole: "both" });
    const abort = new AbortController();
    const reason = new Error("enough");
    const { signal } = abort;
    const calls = [
      storage.put("b", inPieces(bytes, 100_000), { signal }),
      read(storage.get("a", { signal })),
      storage.stat("a", { signal }),
      all(storage.list("", { signal })),
      storage.delete(["a"], { signal }),
      storage.connect?.({ signal }) ?? Promise.resolve(),
    ].map((call) => failureOf(Promise.resolve(call)).catch((error: unknown) => error));
    const begun = Date.now();
    abort.abort(reason);
    const failures = await Promise.all(calls);
    expect(Date.now() - begun).toBeLessThan(30_000);
    expect(failures.slice(0, 5)).toEqual(Array(5).fill(reason));
    await reading.return?.();
  });

  test(`answers that are lost at the end of a put do not make it fail (${name})`, async () => {
    const proxy = await proxyTo(server());
    const storage = storageOn(server(), { port: proxy.port });
    await storage.connect?.();
    for (const afterBytes of [0, 40, 100, 160, 220, 280, 340]) {
      for (const ifAbsent of [false, true]) {
        await proxy.set({ cut: { direction: "down", afterBytes } });
        const key = `lost/${afterBytes}-${ifAbsent}`;
        await storage.put(key, Buffer.from(key), { ifAbsent });
        expect((await read(storage.get(key))).toString()).toBe(key);
      }
    }
  });
});

test("memory stays small whatever passes through, up and down", async () => {
  const storage = storageOn(sshd);
  const piece = randomBytes(MIB);
  async function* large() {
    for (let count = 0; count < 400; count += 1) yield piece;
  }
  let most = 0;
  const watch = setInterval(() => {
    const { heapUsed, external } = process.memoryUsage();
    most = Math.max(most, heapUsed + external);
  }, 5);
  const { heapUsed, external } = process.memoryUsage();
  try {
    await storage.put("large", large());
    let size = 0;
    for await (const part of storage.get("large")) size += part.length;
    expect(size).toBe(400 * MIB);
  } finally {
    clearInterval(watch);
  }
  expect((most - heapUsed - external) / MIB).toBeLessThan(200);
});

test("a reader that does not pull is not read for", async () => {
  const proxy = await proxyTo(sshd);
  const storage = storageOn(sshd, { port: proxy.port });
  await storage.put("a", randomBytes(64 * MIB));
  await proxy.set({});
  const before = proxy.stats.down;
  const reading = storage.get("a")[Symbol.asyncIterator]();
  await reading.next();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(proxy.stats.down - before).toBeLessThan(20 * MIB);
  await reading.return?.();
});
