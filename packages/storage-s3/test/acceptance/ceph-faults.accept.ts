import { randomBytes, randomUUID } from "node:crypto";
import {
  GetObjectRetentionCommand,
  ListMultipartUploadsCommand,
  PutBucketPolicyCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { isLifeboatError, type LifeboatError } from "@lifeboat/contracts";
import { s3Storage } from "@lifeboat/storage-s3";
import { type FaultProxy, type S3Server, startCephGateway, startFaultProxy } from "@lifeboat/test-servers";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { newBucket, plainClient, storageOn } from "../support/buckets.ts";

const MIB = 1024 * 1024;

let server: S3Server;
let client: S3Client;
let bucket: string;
let proxy: FaultProxy;

beforeAll(async () => {
  server = await startCephGateway();
  client = plainClient(server);
  bucket = await newBucket(client);
}, 60_000);

afterAll(async () => {
  client?.destroy();
  await server?.stop();
});

beforeEach(async () => {
  proxy = await startFaultProxy({ target: server.port });
});

afterEach(async () => {
  await proxy.close();
});

function open(options: Parameters<typeof storageOn>[2] = {}) {
  const through = { ...server, endpoint: `http://127.0.0.1:${proxy.port}` };
  return storageOn(through, bucket, { prefix: randomUUID(), partBytes: 5 * MIB, idleTimeout: 2000, ...options });
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += MIB) yield bytes.subarray(at, at + MIB);
}

async function read(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

/** What each call was refused with. */
async function failures(calls: readonly Promise<unknown>[]): Promise<unknown[]> {
  return await Promise.all(calls.map((call) => call.catch((reason: unknown) => reason)));
}

const body = randomBytes(23 * MIB + 5);

test.each(["rst", "fin"] as const)(
  "a connection that ends by %s in mid-upload and mid-download costs nothing",
  async (how) => {
    const storage = open();
    await proxy.set({ cut: { direction: "up", afterBytes: 3 * MIB, how, times: 3 } });
    await storage.put("a", inPieces(body));
    await proxy.set({ cut: { direction: "down", afterBytes: 3 * MIB, how, times: 3 } });
    expect((await read(storage.get("a"))).equals(body)).toBe(true);
  },
);

test("an outage of two seconds in mid-upload and mid-download is waited out", async () => {
  const storage = open();
  await proxy.set({ bytesPerSecond: 20 * MIB });
  const put = storage.put("a", inPieces(body));
  await Promise.all([put, proxy.outage(2000)]);
  const got = read(storage.get("a"));
  const [bytes] = await Promise.all([got, proxy.outage(2000)]);
  expect(bytes.equals(body)).toBe(true);
}, 30_000);

test("a server that refuses, hangs or swallows everything ends in a typed error within the time that was set", async () => {
  const limits = { connectTimeout: 300, idleTimeout: 300, retryTime: 300 };
  for (const [faults, code] of [
    [{ connect: "refuse" }, "UNREACHABLE"],
    [{ connect: "reset" }, "UNREACHABLE"],
    [{ connect: "hang" }, "TIMEOUT"],
    [{ blackhole: "both" }, "TIMEOUT"],
  ] as const) {
    const storage = open(limits);
    await proxy.set(faults);
    const started = performance.now();
    for (const error of await failures([
      storage.put("a", Buffer.from("x")),
      storage.stat("a"),
      read(storage.get("a")),
      storage.delete(["a"]),
    ])) {
      expect(isLifeboatError(error, code)).toBe(true);
      expect((error as LifeboatError).retryable).toBe(true);
    }
    expect(performance.now() - started).toBeLessThan(30_000);
    await proxy.set({});
    proxy.cutAll();
  }
});

test("the lost answer to each request of a create-only put and of an upload is made good", async () => {
  const storage = open();
  await storage.connect();
  const prefix = storage.name.split("/")[3] ?? "";
  await proxy.set({ cut: { direction: "down", afterBytes: 0, armedBy: `PUT /${bucket}/${prefix}/lock` } });
  await storage.put("lock", Buffer.from("mine"), { ifAbsent: true });
  expect((await read(storage.get("lock"))).toString()).toBe("mine");
  for (const line of [
    `POST /${bucket}/${prefix}/large?uploads`,
    `POST /${bucket}/${prefix}/large?uploadId`,
    `PUT /${bucket}/${prefix}/large`,
  ]) {
    await proxy.set({ cut: { direction: "down", afterBytes: 0, armedBy: line } });
    await storage.put("large", inPieces(body));
    expect((await read(storage.get("large"))).equals(body)).toBe(true);
    await storage.delete(["large"]);
  }
  await storage.sweep({ olderThan: 0 });
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  expect(Uploads.filter(({ Key }) => Key?.startsWith(prefix))).toEqual([]);
});

test("a sweep leaves the uploads of other prefixes, and those that are younger than it is told", async () => {
  const [mine, other] = [open(), open()];
  const stuck = new AbortController();
  async function* silent() {
    yield randomBytes(6 * MIB);
    await new Promise(() => undefined);
  }
  const puts = [mine, other].map((storage) =>
    storage.put("a", silent(), { signal: stuck.signal }).catch(() => undefined),
  );
  const count = async () =>
    (await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads?.length ?? 0;
  await expect.poll(count).toBe(2);
  expect(await mine.sweep()).toBe(0);
  expect(await mine.sweep({ olderThan: 0 })).toBe(1);
  expect(await count()).toBe(1);
  stuck.abort();
  await Promise.all(puts);
  expect(await count()).toBe(0);
});

test("what a bucket's policy denies is told by the right that is missing", async () => {
  const closed = await newBucket(client);
  const storage = storageOn(server, closed);
  await storage.put("a", Buffer.from("x"));
  const deny = async (...Action: string[]) => {
    const Resource = [`arn:aws:s3:::${closed}`, `arn:aws:s3:::${closed}/*`];
    const Statement = [{ Effect: "Deny", Principal: "*", Action, Resource }];
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
    await client.send(new PutBucketPolicyCommand({ Bucket: closed, Policy }));
  };
  const cases = [
    ["s3:ListBucket", () => storage.list("")[Symbol.asyncIterator]().next()],
    ["s3:GetObject", () => storage.stat("a")],
    ["s3:GetObject", () => read(storage.get("a"))],
    ["s3:PutObject", () => storage.put("b", Buffer.from("x"))],
    ["s3:DeleteObject", () => storage.delete(["a"])],
  ] as const;
  for (const [right, call] of cases) {
    await deny(right);
    const error: unknown = await call().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "PERMISSION_DENIED", message: expect.stringContaining(`lacks ${right}`) });
  }
});

test("wrong keys and a wrong bucket are told apart by a real server too", async () => {
  const { credentials } = server;
  const cases = [
    [{ credentials: { ...credentials, secretAccessKey: "wrong-secret" } }, "UNAUTHENTICATED", /secret access key/],
    [{ credentials: { ...credentials, accessKeyId: "nobody" } }, "UNAUTHENTICATED", /access key ID/],
    [{ bucket: "no-such-bucket" }, "INVALID", /Create the bucket/],
  ] as const;
  for (const [options, code, hint] of cases) {
    const storage = open(options);
    for (const error of await failures([
      storage.stat("a"),
      storage.put("a", Buffer.from("x")),
      read(storage.get("a")),
      storage.delete(["a"]),
    ])) {
      expect(error).toMatchObject({ code, hint: expect.stringMatching(hint) });
    }
  }
});

test("objects are locked as asked, copies too, and stay readable", async () => {
  const locked = await newBucket(client, true);
  const storage = storageOn(server, locked, { objectLock: { mode: "GOVERNANCE", days: 2 }, partBytes: 5 * MIB });
  await storage.put("small", Buffer.from("x"));
  await storage.put("large", inPieces(body.subarray(0, 6 * MIB)));
  await storage.copy("small", "copy");
  for (const Key of ["small", "large", "copy"]) {
    const { Retention } = await client.send(new GetObjectRetentionCommand({ Bucket: locked, Key }));
    expect(Retention?.Mode).toBe("GOVERNANCE");
  }
});

test("a ready client is used, and not closed with the storage", async () => {
  const storage = s3Storage({ client, bucket, prefix: randomUUID(), provider: "ceph" });
  await storage.put("a", body);
  expect(
    (await read(storage.get("a", { range: { start: 5 * MIB, end: 15 * MIB } }))).equals(
      body.subarray(5 * MIB, 15 * MIB),
    ),
  ).toBe(true);
  await storage[Symbol.asyncDispose]();
  await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
});
