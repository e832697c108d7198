import { randomBytes } from "node:crypto";
import { getEventListeners } from "node:events";
import { isLifeboatError } from "@lifeboat/contracts";
import { Bucket, type StrictS3, startStrictS3 } from "@lifeboat/test-servers";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { storageOn } from "./support/buckets.ts";

const MIB = 1024 * 1024;

let server: StrictS3;

beforeEach(async () => {
  server = await startStrictS3();
  server.buckets.set("backups", new Bucket());
});

afterEach(async () => {
  await server.stop();
});

function open(options: Parameters<typeof storageOn>[2] = {}) {
  return storageOn(server, "backups", { provider: "aws", partBytes: 5 * MIB, ...options });
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += MIB) yield bytes.subarray(at, at + MIB);
}

async function read(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

function requests(operation: string): number {
  return server.seen.filter((one) => one.operation === operation).length;
}

const code = (expected: string) => (error: unknown) => isLifeboatError(error) && error.code === expected;

test("a create-only put in parts keeps to the one size that some services want of them", async () => {
  const storage = open({ provider: "cloudflare-r2", uploadConcurrency: 2 });
  const bytes = randomBytes(23 * MIB);
  await storage.put("a", inPieces(bytes), { ifAbsent: true });
  const sizes = server.seen
    .filter(({ operation, name }) => operation === "UploadPart" && name === "a")
    .map(({ headers }) => Number(headers["content-length"]));
  expect(sizes.toSorted((one, other) => other - one)).toEqual([5, 5, 5, 5, 3].map((size) => size * MIB));
  expect((await read(storage.get("a"))).equals(bytes)).toBe(true);
});

test("a listing that the server ends without saying how it goes on is never taken for the whole", async () => {
  const old = await startStrictS3({ page: 2, oldListings: true });
  onTestFinished(() => old.stop());
  old.buckets.set("backups", new Bucket());
  const storage = storageOn(old, "backups", { provider: "aws" });
  for (const key of ["a", "b", "c"]) await storage.put(key, Buffer.from(key));
  const listed = async () => {
    for await (const { key } of storage.list("")) expect(key).not.toBe("c");
  };
  await expect(listed()).rejects.toSatisfy(code("UNSUPPORTED"));
});

test("a key where probes are kept, which no listing would show, is refused", async () => {
  const put = open().put(".lifeboat-probes/a", Buffer.from("x"));
  await expect(put).rejects.toSatisfy(code("INVALID"));
});

test("whatever is under way when the storage is disposed of ends, and is not tried again", async () => {
  const storage = open({ retryTime: 60_000 });
  server.inject("PutObject", { do: "drop" }, 1000);
  const put = storage.put("a", Buffer.from("x"));
  put.catch(() => undefined);
  await expect.poll(() => requests("PutObject")).toBeGreaterThan(0);
  await storage[Symbol.asyncDispose]();
  await expect(put).rejects.toSatisfy(code("INVALID"));
});

test("one signal serves many calls at once without a warning, and nothing is left on it", async () => {
  const warnings: Error[] = [];
  const warned = (warning: Error) => warnings.push(warning);
  process.on("warning", warned);
  onTestFinished(() => void process.off("warning", warned));
  const storage = open();
  const bytes = randomBytes(9 * MIB);
  const { signal } = new AbortController();
  await storage.put("a", bytes, { signal });
  const reads = Array.from({ length: 12 }, () => read(storage.get("a", { signal })));
  for (const back of await Promise.all(reads)) expect(back.equals(bytes)).toBe(true);
  await Promise.all(Array.from({ length: 12 }, (_, n) => storage.put(`b/${n}`, inPieces(bytes), { signal })));
  expect(warnings.map(({ name }) => name)).not.toContain("MaxListenersExceededWarning");
  await expect.poll(() => getEventListeners(signal, "abort")).toEqual([]);
});
