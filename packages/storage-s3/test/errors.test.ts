import { inspect } from "node:util";
import { isLifeboatError, type LifeboatError } from "@lifeboat/contracts";
import { s3Storage } from "@lifeboat/storage-s3";
import { Bucket, type StrictS3, startStrictS3 } from "@lifeboat/test-servers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { storageOn } from "./support/buckets.ts";

const QUICK = { retryTime: 50, idleTimeout: 20_000, connectTimeout: 20_000 };

let server: StrictS3;

beforeAll(async () => {
  server = await startStrictS3({ region: "eu-central-1", expiredToken: "token-that-has-expired" });
  server.buckets.set("backups", new Bucket());
});

afterAll(async () => {
  await server.stop();
});

async function refusal(work: Promise<unknown>): Promise<LifeboatError> {
  const error: unknown = await work.then(
    () => expect.unreachable("It was not refused."),
    (reason: unknown) => reason,
  );
  if (!isLifeboatError(error)) throw error;
  return error;
}

const right = { region: "eu-central-1", ...QUICK };

/** Every way to reach an object, since each server says less to a HEAD than to a GET. */
async function refusals(
  options: Parameters<typeof storageOn>[2],
  on = server,
  bucket = "backups",
): Promise<LifeboatError[]> {
  const storage = storageOn(on, bucket, { ...right, ...options });
  const get = async () => {
    for await (const piece of storage.get("a")) expect(piece).toBeDefined();
  };
  const list = async () => {
    for await (const info of storage.list("")) expect(info).toBeDefined();
  };
  return await Promise.all(
    [
      storage.put("a", Buffer.from("x")),
      storage.stat("a"),
      get(),
      list(),
      storage.connect(),
      storage.delete(["a", "b"]),
    ].map(refusal),
  );
}

const wrong = {
  secret: () => refusals({ credentials: { ...server.credentials, secretAccessKey: "not-the-secret-at-all" } }),
  accessKey: () => refusals({ credentials: { ...server.credentials, accessKeyId: "AKIANOBODY" } }),
  bucket: () => refusals({}, server, "backups-of-another"),
  region: () => refusals({ region: "us-west-2" }),
  expired: () => refusals({ credentials: { ...server.credentials, sessionToken: "token-that-has-expired" } }),
  unreachable: () => refusals({ endpoint: "http://127.0.0.1:9" }),
  host: () => refusals({ endpoint: "http://no-such-host.invalid" }),
};

test("each thing that can be set wrong has its own code and its own advice, whatever was asked", async () => {
  const expected = [
    ["secret", "UNAUTHENTICATED", /secret access key/],
    ["accessKey", "UNAUTHENTICATED", /access key ID/],
    ["bucket", "INVALID", /Create the bucket "backups-of-another"/],
    ["region", "INVALID", /Set `region` to "eu-central-1"/],
    ["expired", "UNAUTHENTICATED", /fresh credentials/],
    ["unreachable", "UNREACHABLE", /Check that the server at http:\/\/127\.0\.0\.1:9 is up/],
    ["host", "UNREACHABLE", /Check `endpoint` \(http:\/\/no-such-host\.invalid\)/],
  ] as const;
  for (const [what, code, advice] of expected) {
    for (const error of await wrong[what]()) {
      expect({ what, operation: error.operation, code: error.code }).toEqual({
        what,
        operation: error.operation,
        code,
      });
      expect(error.hint).toMatch(advice);
    }
  }
});

test("no error holds a secret, however deep one looks", async () => {
  const all = (await Promise.all(Object.values(wrong).map((make) => make()))).flat();
  for (const error of all) {
    const text = `${inspect(error, { depth: 20, showHidden: true })}${JSON.stringify(error)}${String(error.stack)}`;
    for (const secret of [server.credentials.secretAccessKey, "not-the-secret-at-all", "token-that-has-expired"]) {
      expect(text).not.toContain(secret);
    }
    expect(text).not.toContain("StringToSign");
  }
});

test("a right that is missing is named, with what it is needed on", async () => {
  const storage = storageOn(server, "backups", right);
  await storage.put("there", Buffer.from("x"));
  const cases = [
    ["s3:PutObject", () => storage.put("a", Buffer.from("x"))],
    ["s3:GetObject", () => storage.get("there")[Symbol.asyncIterator]().next()],
    ["s3:GetObject", () => storage.stat("there")],
    ["s3:ListBucket", () => storage.list("")[Symbol.asyncIterator]().next()],
    ["s3:DeleteObject", () => storage.delete(["a", "b"])],
    ["s3:DeleteObject", () => storage.delete(["a"])],
    ["s3:ListBucketMultipartUploads", () => storage.sweep()],
  ] as const;
  for (const [lacking, call] of cases) {
    server.denied.add(lacking);
    const error = await refusal(call());
    server.denied.clear();
    expect(error.code).toBe("PERMISSION_DENIED");
    expect(error.message).toContain(`the key lacks ${lacking}`);
    expect(error.hint).toContain(`Allow ${lacking} on`);
  }
});

test("an object that may not be looked at is never said to be absent", async () => {
  const storage = storageOn(server, "backups", right);
  server.denied.add("s3:GetObject");
  const error = await refusal(storage.stat("nothing-there"));
  server.denied.clear();
  expect(error.code).toBe("PERMISSION_DENIED");
  expect(error.hint).toContain("s3:ListBucket");
  expect(await storage.stat("nothing-there")).toBeNull();
});

test("a clock that is off is corrected by the server's, and told where that does not help", async () => {
  const ahead = await startStrictS3({ clockSkew: 60 * 60 * 1000 });
  ahead.buckets.set("backups", new Bucket());
  const storage = storageOn(ahead, "backups", { ...QUICK, retryTime: 2000 });
  await storage.put("a", Buffer.from("x"));
  expect((await storage.stat("a"))?.size).toBe(1);
  await ahead.stop();

  server.inject("GetObject", { do: "refuse", status: 403, code: "RequestTimeTooSkewed" }, 3);
  const error = await refusal(
    storageOn(server, "backups", { ...right, retryTime: 2000 })
      .get("a")
      [Symbol.asyncIterator]()
      .next(),
  );
  expect(error).toMatchObject({ code: "UNAUTHENTICATED", hint: expect.stringContaining("clock") });
});

test("an object lock that forbids a delete is told as such", async () => {
  const storage = storageOn(server, "backups", right);
  for (const key of ["locked/a", "locked/b"]) await storage.put(key, Buffer.from("x"));
  server.buckets.get("backups")?.locked.add("locked/b");
  for (const keys of [["locked/a", "locked/b"], ["locked/b"]]) {
    expect(await refusal(storage.delete(keys))).toMatchObject({
      code: "PERMISSION_DENIED",
      message: expect.stringContaining("an object lock protects the object"),
      hint: expect.stringContaining("retention"),
    });
  }
  expect(await storage.stat("locked/a")).toBeNull();
  expect(await storage.stat("locked/b")).not.toBeNull();
});

test("a server that stays silent is given up after the time that was set", async () => {
  const { createServer } = await import("node:net");
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as { port: number };
  const error = await refusal(
    storageOn(server, "backups", { ...right, endpoint: `http://127.0.0.1:${port}`, idleTimeout: 300 }).stat("a"),
  );
  expect(error).toMatchObject({ code: "TIMEOUT", retryable: true, hint: expect.stringContaining("idleTimeout") });
  silent.close();
});

test("options that contradict each other or lack something are refused at once, and say what is expected", () => {
  const credentials = { accessKeyId: "a", secretAccessKey: "s" };
  const cases = [
    [{ bucket: "" }, /`bucket`/],
    [{ bucket: "a/b" }, /`bucket`/],
    [{ bucket: "b", provider: "minio" }, /`endpoint`.*MinIO/],
    [{ bucket: "b", provider: "cloudflare-r2" }, /`account`/],
    [{ bucket: "b", provider: "wasabi" }, /`region`/],
    [{ bucket: "b", endpoint: "not a url" }, /`endpoint`/],
    [{ bucket: "b", endpoint: "ftp://example.org" }, /`endpoint`/],
    [{ bucket: "b", partBytes: 1000 }, /`partBytes`/],
    [{ bucket: "b", uploadConcurrency: 0 }, /`uploadConcurrency`/],
    [{ bucket: "b", prefix: "../up" }, /plain segments/],
  ] as const;
  for (const [options, message] of cases) {
    expect(() => s3Storage({ credentials, ...options })).toThrow(message);
  }
  expect(() => s3Storage({ bucket: "b", endpoint: "https://key:pass-word@s3.example.org" })).toThrow(
    /without credentials/,
  );
  expect(() => s3Storage({ bucket: "b", endpoint: "https://key:pass-word@s3.example.org" })).not.toThrow(/pass-word/);
});
