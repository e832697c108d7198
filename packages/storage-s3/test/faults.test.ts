import { randomBytes } from "node:crypto";
import { getEventListeners } from "node:events";
import { isLifeboatError } from "@lifeboat/contracts";
import type { S3Storage } from "@lifeboat/storage-s3";
import { Bucket, type StrictS3, startStrictS3 } from "@lifeboat/test-servers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { storageOn } from "./support/buckets.ts";

const MIB = 1024 * 1024;

let server: StrictS3;
let bucket: Bucket;

beforeEach(async () => {
  server = await startStrictS3();
  bucket = new Bucket();
  server.buckets.set("backups", bucket);
});

afterEach(async () => {
  await server.stop();
});

function open(options: Parameters<typeof storageOn>[2] = {}) {
  return storageOn(server, "backups", { provider: "aws", partBytes: 5 * MIB, retryTime: 5000, ...options });
}

async function* inPieces(bytes: Uint8Array, size = MIB): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
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

test("a download that breaks off goes on where it stopped, again and again", async () => {
  const bytes = randomBytes(11 * MIB + 7);
  const storage = open();
  await storage.put("a", bytes);
  server.inject("GetObject", { do: "cut", bytes: 700_000 }, 5);
  expect((await read(storage.get("a"))).equals(bytes)).toBe(true);
  const ranges = server.seen.filter(({ operation }) => operation === "GetObject").map(({ headers }) => headers.range);
  expect(new Set(ranges).size).toBe(ranges.length); // nothing was asked for twice
});

test("an object that is replaced while a cut download waits to go on is a conflict, never a mixture", async () => {
  const storage = open();
  for (const replace of [
    () => storage.put("a", randomBytes(3 * MIB)),
    () => storage.put("a", randomBytes(10)),
    () => storage.delete(["a"]),
  ]) {
    await storage.put("a", randomBytes(3 * MIB));
    server.inject("GetObject", { do: "cut", bytes: MIB });
    const reading = storage.get("a")[Symbol.asyncIterator]();
    await reading.next();
    await replace();
    const rest = async () => {
      while ((await reading.next()).done !== true);
    };
    await expect(rest()).rejects.toSatisfy(code("CONFLICT"));
  }
});

test("500s and lost answers to any request of an upload are made good, and nothing is left over", async () => {
  const bytes = randomBytes(12 * MIB);
  const storage = open();
  const operations = ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "PutObject"];
  for (const operation of operations) {
    for (const fault of [
      { do: "refuse", status: 500, code: "InternalError" },
      { do: "refuse", status: 503, code: "SlowDown" },
      { do: "lose" },
      { do: "drop" },
    ] as const) {
      server.inject(operation, fault);
      const body = operation === "PutObject" ? bytes.subarray(0, MIB) : bytes;
      const info = await storage.put("a", inPieces(body));
      expect(info.size).toBe(body.length);
      expect(bucket.objects.get("a")?.bytes.equals(body)).toBe(true);
      await storage.delete(["a"]);
    }
  }
  expect(await storage.sweep({ olderThan: 0 })).toBe(1); // of the lost answer to CreateMultipartUpload
  expect(bucket.uploads.size).toBe(0);
}, 20_000);

test("an answer of 412 to a create-only put that had succeeded is its own success, and another's is not", async () => {
  const storage = open();
  await storage.connect();
  server.inject("PutObject", { do: "lose" });
  await storage.put("locks/a", Buffer.from("mine"), { ifAbsent: true });
  expect(bucket.objects.get("locks/a")?.bytes.toString()).toBe("mine");

  const other = open();
  await other.connect();
  server.inject("PutObject", { do: "drop" });
  await expect(other.put("locks/a", Buffer.from("mine"), { ifAbsent: true })).rejects.toSatisfy(code("ALREADY_EXISTS"));
});

test("the lost answer to the end of a create-only upload in parts is its own success", async () => {
  const storage = open({ uploadConcurrency: 1 });
  server.inject("CompleteMultipartUpload", { do: "refuse", status: 412, code: "PreconditionFailed" }); // the probe's
  server.inject("CompleteMultipartUpload", { do: "lose" });
  await storage.put("large", inPieces(randomBytes(7 * MIB)), { ifAbsent: true });
  expect(bucket.objects.get("large")?.bytes.length).toBe(7 * MIB);
});

test.each(["ignore", "refuse"] as const)(
  "where the server's habit is to %s conditions, it is not claimed",
  async (habit) => {
    const lax = await startStrictS3({ conditionalPut: habit });
    lax.buckets.set("backups", new Bucket());
    const storage = storageOn(lax, "backups", { partBytes: 5 * MIB });
    await storage.connect();
    expect(storage.capabilities.conditionalPut).toBe(false);
    await storage.put("a", Buffer.from("1"), { ifAbsent: true });
    await expect(storage.put("a", Buffer.from("2"), { ifAbsent: true })).rejects.toSatisfy(code("ALREADY_EXISTS"));
    await storage.put("large", inPieces(randomBytes(6 * MIB)), { ifAbsent: true });
    expect([...(lax.buckets.get("backups")?.objects.keys() ?? [])].sort()).toEqual(["a", "large"]);
    await lax.stop();
  },
);

test("creating is claimed once it is proven, with one probe that leaves nothing behind", async () => {
  const storage = open();
  expect(storage.capabilities.conditionalPut).toBe(false);
  await Promise.all([1, 2, 3].map((n) => storage.put(`a/${n}`, Buffer.from("x"), { ifAbsent: true })));
  expect(storage.capabilities.conditionalPut).toBe(true);
  expect(requests("PutObject")).toBe(5);
  expect([...bucket.objects.keys()].sort()).toEqual(["a/1", "a/2", "a/3"]);
});

test("a host that may not delete can still create, and its probe shows in no listing", async () => {
  server.denied.add("s3:DeleteObject");
  const storage = open();
  await storage.put("a", Buffer.from("x"), { ifAbsent: true });
  const keys: string[] = [];
  for await (const { key } of storage.list("")) keys.push(key);
  expect(keys).toEqual(["a"]);
  server.denied.clear();
  expect(await storage.sweep({ olderThan: 0 })).toBe(1);
  expect([...bucket.objects.keys()]).toEqual(["a"]);
});

test("a body too long to be created atomically is refused where the server cannot", async () => {
  const lax = await startStrictS3({ conditionalComplete: "ignore" });
  lax.buckets.set("backups", new Bucket());
  const storage = storageOn(lax, "backups", { partBytes: 5 * MIB, uploadConcurrency: 2 });
  await storage.put("fits", inPieces(randomBytes(9 * MIB)), { ifAbsent: true });
  await expect(storage.put("long", inPieces(randomBytes(11 * MIB)), { ifAbsent: true })).rejects.toSatisfy(
    code("UNSUPPORTED"),
  );
  expect([...(lax.buckets.get("backups")?.objects.keys() ?? [])]).toEqual(["fits"]);
  expect(lax.buckets.get("backups")?.uploads.size).toBe(0);
  await lax.stop();
});

test("a server that keeps asking to slow down is obeyed, and in the end told as RATE_LIMITED", async () => {
  const storage = open({ retryTime: 600 });
  for (const [status, name] of [
    [503, "SlowDown"],
    [429, "TooManyRequests"],
    [400, "RequestRateLimitExceeded"],
  ] as const) {
    const before = requests("PutObject");
    server.inject("PutObject", { do: "refuse", status, code: name }, 2);
    await expect(storage.put("a", Buffer.from("x"))).rejects.toSatisfy(code("RATE_LIMITED"));
    expect(requests("PutObject") - before).toBe(2);
    await storage.put("a", Buffer.from("x"));
  }
});

test("an upload that fails for good is aborted, and the key stays as it was", async () => {
  const storage = open();
  await storage.put("a", Buffer.from("old"));
  server.inject("UploadPart", { do: "refuse", status: 403, code: "AccessDenied" });
  async function* endless() {
    for (;;) yield randomBytes(MIB);
  }
  await expect(storage.put("a", endless())).rejects.toSatisfy(code("PERMISSION_DENIED"));
  expect(bucket.uploads.size).toBe(0);
  expect(bucket.objects.get("a")?.bytes.toString()).toBe("old");
});

test("a part that fails ends the put even while its body stays silent", async () => {
  const storage = open();
  server.inject("UploadPart", { do: "refuse", status: 403, code: "AccessDenied" });
  async function* silent() {
    yield randomBytes(6 * MIB);
    await new Promise(() => undefined);
  }
  await expect(storage.put("a", silent())).rejects.toSatisfy(code("PERMISSION_DENIED"));
});

test("keys that a batch delete could not delete are tried again, or told", async () => {
  const storage = open();
  for (const key of ["a", "b", "c"]) await storage.put(key, Buffer.from("x"));
  bucket.locked.add("b");
  setTimeout(() => bucket.locked.clear(), 20_000).unref();
  await expect(storage.delete(["a", "b", "c"])).rejects.toSatisfy(code("PERMISSION_DENIED"));
  expect([...bucket.objects.keys()]).toEqual(["b"]);
});

test("servers that want Content-MD5 for batch deletes, or have none, are met", async () => {
  for (const habits of [{ wantsMd5: true }, { batchDelete: false }]) {
    for (const provider of ["aws", "other"] as const) {
      const old = await startStrictS3(habits);
      const kept = new Bucket();
      old.buckets.set("backups", kept);
      const storage = storageOn(old, "backups", { provider });
      const keys = Array.from({ length: 5 }, (_, index) => `k/${index} & <"'>`);
      for (const key of keys) await storage.put(key, Buffer.from("x"));
      await storage.delete(keys.slice(1));
      expect([...kept.objects.keys()]).toEqual(keys.slice(0, 1));
      await old.stop();
    }
  }
});

test("an object too large for one copy is copied in parts, or refused where the service has none", async () => {
  const small = await startStrictS3({ maxCopyBytes: 6 * MIB });
  const kept = new Bucket();
  small.buckets.set("backups", kept);
  const bytes = randomBytes(7 * MIB);
  const storage = storageOn(small, "backups", { provider: "aws", storageClass: "STANDARD_IA" });
  await storage.put("a", bytes);
  await storage.copy("a", "b c+d");
  expect(kept.objects.get("b c+d")?.bytes.equals(bytes)).toBe(true);
  expect(kept.objects.get("b c+d")?.headers["x-amz-storage-class"]).toBe("STANDARD_IA");
  expect(kept.uploads.size).toBe(0);
  const lacking = storageOn(small, "backups", { provider: "digitalocean-spaces" });
  await expect(lacking.copy("a", "c")).rejects.toSatisfy(code("UNSUPPORTED"));
  await small.stop();
});

test("class, encryption and lock are asked for with every new object, copies too", async () => {
  const storage = open({
    storageClass: "STANDARD_IA",
    encryption: { type: "kms", keyId: "key-1" },
    objectLock: { mode: "COMPLIANCE", days: 30 },
  });
  await storage.put("small", Buffer.from("x"));
  await storage.put("large", inPieces(randomBytes(6 * MIB)));
  await storage.copy("small", "copy");
  for (const key of ["small", "large", "copy"]) {
    const headers = bucket.objects.get(key)?.headers ?? {};
    expect(headers).toMatchObject({
      "x-amz-storage-class": "STANDARD_IA",
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "key-1",
      "x-amz-object-lock-mode": "COMPLIANCE",
    });
    const days = (Date.parse(headers["x-amz-object-lock-retain-until-date"] ?? "") - Date.now()) / 86_400_000;
    expect(days).toBeCloseTo(30, 1);
  }
});

test("bodies carry a checksum that the server verifies: CRC32 for AWS, Content-MD5 where a lock demands one", async () => {
  const sent = (operation: string) => server.seen.find((one) => one.operation === operation)?.headers ?? {};
  await open().put("a", inPieces(randomBytes(6 * MIB)));
  expect(sent("UploadPart")["x-amz-checksum-crc32"]).toBeDefined();
  server.seen.length = 0;
  await open({ provider: "other", objectLock: { mode: "GOVERNANCE", days: 1 } }).put(
    "b",
    inPieces(randomBytes(6 * MIB)),
  );
  expect(sent("UploadPart")["content-md5"]).toBeDefined();
  expect(sent("UploadPart")["x-amz-checksum-crc32"]).toBeUndefined();
});

test("no more parts are on their way than were allowed, over all puts, and no listener stays behind", async () => {
  const storage = open({ uploadConcurrency: 2 });
  const { signal } = new AbortController();
  await Promise.all(["a", "b", "c"].map((key) => storage.put(key, inPieces(randomBytes(16 * MIB)), { signal })));
  expect(server.most.get("UploadPart")).toBe(2);
  expect(getEventListeners(signal, "abort").length).toBe(0);
});

test("every first call gets by with a clock that is off, since it is set right by the server's answer", async () => {
  const late = await startStrictS3({ clockSkew: -60 * 60 * 1000 });
  const stored = new Bucket();
  stored.put("a", Buffer.from("x"), {});
  late.buckets.set("backups", stored);
  const calls = [
    (storage: S3Storage) => storage.stat("a"),
    (storage: S3Storage) => read(storage.get("a")),
    (storage: S3Storage) => storage.put("b", Buffer.from("x")),
    (storage: S3Storage) => storage.list("")[Symbol.asyncIterator]().next(),
    (storage: S3Storage) => storage.copy("a", "c"),
    (storage: S3Storage) => storage.delete(["c"]),
  ];
  for (const call of calls) await call(storageOn(late, "backups"));
  expect((await storageOn(late, "backups").stat("a"))?.size).toBe(1);
  await late.stop();
});
