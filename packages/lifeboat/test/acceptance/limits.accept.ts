import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Format, Storage } from "@lifeboat/contracts";
import { withBandwidthLimit } from "@lifeboat/storage-decorators";
import { startFaultProxy, startStrictS3 } from "@lifeboat/test-servers";
import { archive, createBackupEngine, dedup, directory, localStorage, rawKey } from "lifeboat";
import { describe, expect, it } from "vitest";
import { s3Place } from "./faults/place.ts";
import { temporaryFolder } from "./support/folder.ts";

const MB = 1_000_000;
const FORMATS = { archive, dedup };

function makeData(folder: string, megabytes: number): void {
  mkdirSync(folder, { recursive: true });
  for (let n = 0; n < megabytes; n += 1) writeFileSync(join(folder, `${n}`), randomBytes(MB));
}

function host(storage: Storage, format: Format, path: string) {
  return createBackupEngine({
    app: { name: "acceptance", version: "1.0.0" },
    sources: [directory("data", { path })],
    sites: { site: { storage, format, key: rawKey(Buffer.alloc(32, 7)) } },
  });
}

/** A backup with a limit of 2 s ends within 3 s, and says so. */
async function expectStopped(engine: ReturnType<typeof host>): Promise<void> {
  const begun = performance.now();
  const job = engine.backup({ site: "site", limits: { time: "2s" } });
  await expect(job).rejects.toMatchObject({ code: "TIMEOUT", reason: "time-limit", retryable: true });
  const seconds = (performance.now() - begun) / 1000;
  console.log(`stopped after ${seconds.toFixed(2)} s: ${job.error instanceof Error ? job.error.message : ""}`);
  expect(seconds).toBeLessThan(3);
}

/** Nothing of it is listed, the next backup works, and nothing of the one that was stopped is left then. */
async function expectRetried(engine: ReturnType<typeof host>): Promise<void> {
  expect(await engine.backups.list({ site: "site" })).toEqual([]);
  const { id } = await engine.backup({ site: "site" });
  expect(await engine.verify({ site: "site", id, level: "content" })).toMatchObject({ ok: true });
}

describe.each(["archive", "dedup"] as const)("a time limit of 2 s (%s)", (name) => {
  const format = () => FORMATS[name]();

  it("is kept on a slow local disk", async () => {
    using folder = temporaryFolder();
    const data = join(folder.path, "data");
    makeData(data, 40);
    const local = () => localStorage({ path: join(folder.path, "site") });
    await using slow = host(withBandwidthLimit(local(), { upload: 2 * MB }), format(), data);
    await expectStopped(slow);
    await using engine = host(local(), format(), data);
    await expectRetried(engine);
  });

  it("is kept by a server that stalls in the middle", async () => {
    using folder = temporaryFolder();
    const data = join(folder.path, "data");
    makeData(data, 40);
    const server = await startStrictS3();
    await using _stop = { [Symbol.asyncDispose]: () => server.stop() };
    const place = await s3Place(server);
    await using proxy = await startFaultProxy({ target: place.port });
    const faults = { bytesPerSecond: 10 * MB, next: { afterBytes: 8 * MB, faults: { stall: "both" } } } as const;
    await proxy.set(faults);
    await using engine = host(place.open({ port: proxy.port }), format(), data);
    await expectStopped(engine);
    await proxy.set({});
    await expectRetried(engine);
  });
});
