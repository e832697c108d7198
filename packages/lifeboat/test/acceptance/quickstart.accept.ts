import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmodSync, cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { startCephGateway, startRcloneSftp, startSshd } from "@lifeboat/test-servers";
import { expect, it } from "vitest";
import { temporaryFolder } from "./support/folder.ts";

const checkout = join(import.meta.dirname, "..", "..", "..", "..");
const PASSPHRASE = "the passphrase of this test";

/** Runs the quickstart on a copy of this package's documents, and answers what it printed. */
async function quickstart(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  using data = temporaryFolder();
  cpSync(join(checkout, "docs"), join(data.path, "docs"), { recursive: true });
  const main = join(checkout, "examples", "quickstart", "src", "main.ts");
  const { SSH_AUTH_SOCK: _, ...inherited } = process.env;
  const run = promisify(execFile)(process.execPath, ["--import", "tsx", main, data.path, ...args], {
    cwd: join(checkout, "examples", "quickstart"),
    env: { ...inherited, NODE_OPTIONS: "", BACKUP_PASSPHRASE: PASSPHRASE, ...env },
  });
  const { code, stdout, stderr } = await run.then(
    (output) => ({ code: 0, ...output }),
    (failed: { code: number; stdout: string; stderr: string }) => failed,
  );
  return { code, output: stdout + stderr };
}

it("the quickstart backs up to a bucket of a real S3 gateway, which it has tested first", async () => {
  const server = await startCephGateway();
  try {
    const { endpoint, credentials } = server;
    const client = new S3Client({ endpoint, credentials, region: "us-east-1", forcePathStyle: true });
    const bucket = `b-${randomUUID()}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    client.destroy();
    const query = new URLSearchParams({ endpoint, region: "us-east-1", provider: "ceph" }).toString();
    const env = { AWS_ACCESS_KEY_ID: credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey };
    const { code, output } = await quickstart(["--site", `s3://${bucket}/docs?${query}`], env);
    expect(output).toContain("list passed: It is listed.");
    expect(output).toContain("All of it is identical.");
    expect(output).toContain(`The backup stays in s3://${bucket}/docs/.`);
    expect(code).toBe(0);

    const wrong = { ...env, AWS_SECRET_ACCESS_KEY: "not-the-secret-at-all" };
    const refused = await quickstart(["--site", `s3://${bucket}/docs?${query}`], wrong);
    expect(refused.code).toBe(1);
    expect(refused.output).toContain("the secret access key does not belong to the access key");
    for (const secret of [wrong.AWS_SECRET_ACCESS_KEY, credentials.secretAccessKey, PASSPHRASE]) {
      expect(output + refused.output).not.toContain(secret);
    }
  } finally {
    await server.stop();
  }
});

it("the quickstart backs up to a real SFTP server, by a key or a password, once its host key is known", async () => {
  using keys = temporaryFolder();
  const [sshd, rclone] = await Promise.all([startSshd(), startRcloneSftp()]);
  try {
    const file = join(keys.path, "key");
    writeFileSync(file, sshd.privateKey);
    chmodSync(file, 0o600);
    const url = `sftp://${sshd.username}@${sshd.host}:${sshd.port}${sshd.directory}/nvr`;
    const env = { SFTP_KEY_FILE: file, SFTP_HOST_KEY: sshd.fingerprint };
    const byKey = await quickstart(["--site", url], env);
    expect(byKey.output).toContain("All of it is identical.");
    expect(byKey.code).toBe(0);

    const unknown = await quickstart(["--site", url], { SFTP_KEY_FILE: file, HOME: keys.path });
    expect(unknown.code).toBe(1);
    expect(unknown.output).toContain(sshd.fingerprint);

    const other = `sftp://${rclone.username}@${rclone.host}:${rclone.port}${rclone.directory}`;
    const password = rclone.password ?? "";
    const byPassword = await quickstart(["--site", other], {
      SFTP_PASSWORD: password,
      SFTP_HOST_KEY: rclone.fingerprint,
    });
    expect(byPassword.output).toContain("All of it is identical.");
    expect(byPassword.code).toBe(0);
    for (const { output } of [byKey, unknown, byPassword]) {
      expect(output).not.toContain("PRIVATE KEY");
      expect(output).not.toContain(password);
    }
  } finally {
    await Promise.all([sshd.stop(), rclone.stop()]);
  }
});

it("the quickstart refuses credentials in the URL without repeating them, and tells how it is called", async () => {
  for (const url of ["sftp://me:hunter2@localhost/x", "s3://hunter2@bucket/x", "ftp://localhost/x", "hunter2"]) {
    const { code, output } = await quickstart(["--site", url]);
    expect(code).toBe(1);
    expect(output).toContain("Expected --site to be");
    expect(output).not.toContain("hunter2");
  }
  const { code, output } = await quickstart(["--help"]);
  expect(code).toBe(0);
  expect(output).toContain("--site sftp://USER@HOST:PORT/PATH");
});
