import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { CreateBucketCommand, PutBucketPolicyCommand, S3Client } from "@aws-sdk/client-s3";
import { type S3StorageOptions, s3Storage } from "@lifeboat/storage-s3";
import { type SftpStorageOptions, sftpStorage } from "@lifeboat/storage-sftp";
import {
  Bucket,
  type S3Server,
  type SftpServer,
  type StrictS3,
  startCephGateway,
  startRcloneSftp,
  startSshd,
  startStrictS3,
} from "@lifeboat/test-servers";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createBackupEngine, type Json, json, type SiteTestReport, type Storage, unencrypted } from "../src/index.ts";

const QUICK_S3 = { region: "us-east-1", addressing: "path", retryTime: 50, connectTimeout: 1000 } as const;
const QUICK_SFTP = { outageMs: 0, connectTimeoutMs: 2000 } as const;
const WRONG = "not-the-secret-at-all";

let ceph: S3Server;
let strict: StrictS3;
let sshd: SftpServer;
let rclone: SftpServer;
let client: S3Client;

beforeAll(async () => {
  [ceph, strict, sshd, rclone] = await Promise.all([
    startCephGateway({ capacity: 1 << 30 }),
    startStrictS3({ region: "eu-central-1" }),
    startSshd(),
    startRcloneSftp(),
  ]);
  strict.buckets.set("backups", new Bucket());
  const { endpoint, credentials } = ceph;
  client = new S3Client({ endpoint, credentials, region: "us-east-1", forcePathStyle: true });
}, 60_000);

afterAll(async () => {
  client?.destroy();
  await Promise.all([ceph?.stop(), strict?.stop(), sshd?.stop(), rclone?.stop()]);
});

/** A new bucket on the real gateway, with a policy that denies some rights on what is beneath some prefix. */
async function newBucket(denied: readonly string[] = [], beneath = ""): Promise<string> {
  const bucket = `b-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  if (denied.length === 0) return bucket;
  const Resource = [`arn:aws:s3:::${bucket}/${beneath}*`, ...(beneath === "" ? [`arn:aws:s3:::${bucket}`] : [])];
  const Statement = [{ Effect: "Deny", Principal: "*", Action: denied, Resource }];
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  return bucket;
}

function onCeph(bucket: string, options: Partial<S3StorageOptions> = {}): Storage {
  const { endpoint, credentials } = ceph;
  return s3Storage({ ...QUICK_S3, endpoint, credentials, bucket, ...options });
}

function onSftp(server: SftpServer, options: Partial<SftpStorageOptions> = {}): Storage {
  const { host, port, username, privateKey, fingerprint, directory } = server;
  const path = `${directory}/${randomUUID()}`;
  return sftpStorage({ ...QUICK_SFTP, host, port, username, privateKey, hostKey: fingerprint, path, ...options });
}

interface Told {
  readonly report: SiteTestReport;
  /** Everything that a host gets to see: report, job, events, errors of other calls with their causes, and what was logged. */
  readonly everything: string;
}

async function tell(storage: Storage): Promise<Told> {
  const logged: unknown[] = [];
  const spies = [
    ...(["log", "info", "warn", "error", "debug"] as const).map((method) => vi.spyOn(console, method)),
    vi.spyOn(process.stdout, "write"),
    vi.spyOn(process.stderr, "write"),
    vi.spyOn(process, "emitWarning"),
  ];
  const seen: unknown[] = [];
  await using engine = createBackupEngine({
    app: { name: "nvr", version: "1.9.0" },
    sources: [json("settings", { dump: (): Json => ({ a: 1 }), load: () => {} })],
    sites: { site: { storage, key: unencrypted() } },
    threads: 0,
  });
  try {
    const job = engine.sites.test("site");
    for await (const event of job) seen.push(event);
    const report = await job;
    seen.push(report, job);
    if (!report.ok) {
      const backup = engine.backup({ site: "site" });
      for await (const event of backup) seen.push(event);
      seen.push(backup, backup.error);
    }
    for (const spy of spies) logged.push(...spy.mock.calls);
    const texts = [...seen, ...logged].map((each) => inspect(each, { depth: 20, showHidden: true }));
    return { report, everything: [...texts, JSON.stringify(report)].join("\n") };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** What can be set wrong, and what the test must say of it: code, message, advice. */
const MISTAKES = {
  "a wrong secret": {
    make: async () => onCeph(await newBucket(), { credentials: { ...ceph.credentials, secretAccessKey: WRONG } }),
    expected: ["wrong-secret", /secret access key does not belong/, /Copy the secret access key again/],
  },
  "a bucket that is not there": {
    make: async () => onCeph("bucket-of-nobody"),
    expected: ["no-bucket", /there is no such bucket/, /Create the bucket "bucket-of-nobody"/],
  },
  "a wrong region": {
    make: async () => {
      const { endpoint, credentials } = strict;
      return s3Storage({ ...QUICK_S3, endpoint, credentials, bucket: "backups", region: "us-west-2" });
    },
    expected: ["wrong-region", /the bucket is not in region "us-west-2"/, /Set `region` to "eu-central-1"/],
  },
  "a right that is missing": {
    make: async () => onCeph(await newBucket(["s3:ListBucket"])),
    expected: ["list-denied", /the key lacks s3:ListBucket/, /Allow s3:ListBucket on bucket/],
  },
  "a host key that is not the pinned one": {
    make: async () => onSftp(sshd, { hostKey: `SHA256:${"A".repeat(43)}` }),
    expected: ["host-key-changed", /the host key that is pinned/, /Compare the fingerprint/],
  },
  "a wrong password": {
    make: async () => onSftp(rclone, { privateKey: undefined, password: WRONG }),
    expected: ["login-refused", /by the password; it refused/, /Check the username and the password/],
  },
  "a host that does not answer": {
    make: async () => onSftp(sshd, { port: 1 }),
    expected: ["unreachable", /nobody listens there/, /Check the port, and that the SSH server runs/],
  },
} as const;

describe("A test of a site on a real server says what to do about", () => {
  const told = new Map<string, Told>();

  it.each(Object.entries(MISTAKES))("%s", async (what, { make, expected: [code, message, hint] }) => {
    const found = await tell(await make());
    told.set(what, found);
    const [finding] = found.report.findings;
    expect(found.report.ok).toBe(false);
    expect(finding).toMatchObject({ level: "error", code });
    expect(finding?.message).toMatch(message);
    expect(finding?.hint).toMatch(hint);
  });

  it("each of the seven in words of its own, and none of it holds a secret", () => {
    expect(told.size).toBe(7);
    const first = [...told.values()].map(({ report }) => report.findings[0]);
    expect(new Set(first.map((finding) => finding?.message)).size).toBe(7);
    expect(new Set(first.map((finding) => finding?.code)).size).toBe(7);
    const keyLines = [sshd, rclone].flatMap(({ privateKey }) => privateKey.trim().split("\n").slice(1, -1));
    const secrets = [WRONG, ceph.credentials.secretAccessKey, strict.credentials.secretAccessKey, ...keyLines];
    const password = rclone.password;
    expect(password).toBeDefined();
    for (const { everything } of told.values()) {
      for (const secret of [...secrets, password ?? "", "PRIVATE KEY"]) expect(everything).not.toContain(secret);
    }
    if (process.env.SHOW_MESSAGES) {
      for (const finding of first)
        process.stdout.write(`${finding?.code}: ${finding?.message}\n  → ${finding?.hint}\n`);
    }
  });
});

describe("A test of a site on a real server finds", () => {
  const codes = ({ report }: Told) => report.findings.map(({ level, code }) => `${level} ${code}`);
  const left = async (storage: Storage) => {
    const keys: string[] = [];
    for await (const { key } of storage.list("")) keys.push(key);
    return keys;
  };
  const open = ["warning not-encrypted"];

  it("nothing wrong with a Ceph gateway, and leaves nothing in the bucket", async () => {
    const bucket = await newBucket();
    const found = await tell(onCeph(bucket, { prefix: "nvr" }));
    expect(found.report.steps.filter(({ status }) => status === "failed")).toEqual([]);
    expect(codes(found)).toEqual(open);
    expect(found.report.measured.writeBytesPerSecond).toBeGreaterThan(0);
    const whole = onCeph(bucket);
    onTestFinished(() => whole[Symbol.asyncDispose]());
    expect(await left(whole)).toEqual([]);
  });

  it("nothing wrong with OpenSSH's sshd, how much room there is, and leaves nothing in the directory", async () => {
    const path = `${sshd.directory}/${randomUUID()}`;
    const found = await tell(onSftp(sshd, { path }));
    expect(found.report.steps.filter(({ status }) => status !== "passed").map(({ name }) => name)).toEqual(["disk"]);
    expect(codes(found).filter((code) => code !== "warning little-space")).toEqual(open);
    expect(found.report.measured.space?.total).toBeGreaterThan(0);
    const again = onSftp(sshd, { path });
    onTestFinished(() => again[Symbol.asyncDispose]());
    expect(await left(again)).toEqual([]);
  });

  it("that a key may only add, by the policy for that, which is as it should be", async () => {
    const bucket = await newBucket(["s3:DeleteObject"], "nvr/backups/");
    const found = await tell(onCeph(bucket, { prefix: "nvr" }));
    expect(found.report.ok).toBe(true);
    expect(codes(found)).toEqual([...open, "info append-only"]);
    expect(found.report.findings.at(-1)?.message).toContain("s3:DeleteObject");
  });

  it.each([
    ["s3:PutObject", "error write-denied"],
    ["s3:GetObject", "error read-denied"],
    ["s3:DeleteObject", "warning delete-denied"],
  ] as const)("that a key lacks %s", async (right, expected) => {
    const found = await tell(onCeph(await newBucket([right])));
    expect(codes(found)).toContain(expected);
    const finding = found.report.findings.find(({ code }) => code.endsWith("-denied"));
    expect(finding?.message).toContain(`the key lacks ${right}`);
  });

  it("that the clocks are an hour apart, though requests are taken all the same", async () => {
    const ahead = await startStrictS3({ clockSkew: 3_600_000 });
    onTestFinished(() => ahead.stop());
    ahead.buckets.set("backups", new Bucket());
    const { endpoint, credentials } = ahead;
    const found = await tell(s3Storage({ ...QUICK_S3, endpoint, credentials, bucket: "backups", retryTime: 5000 }));
    expect(codes(found)).toEqual([...open, "warning clock-skew"]);
    expect(found.report.findings.at(-1)?.message).toMatch(/clock is (1 h|59 min 5\d s|1 h \d s) behind/);
  });

  it("the backups of a site that its key may only read", async () => {
    const bucket = await newBucket(["s3:PutObject", "s3:DeleteObject"], "nvr/");
    const engine = createBackupEngine({
      app: { name: "nvr", version: "1.9.0" },
      sources: [],
      sites: { site: { storage: onCeph(bucket, { prefix: "nvr" }), key: unencrypted() } },
    });
    onTestFinished(() => engine.close());
    expect(await engine.backups.list({ site: "site" })).toEqual([]);
    const { ok, steps } = await engine.sites.test("site");
    expect(ok).toBe(false);
    expect(steps[1]).toMatchObject({ name: "site", status: "passed" });
  });
});
