import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { startCephGateway, startSshd } from "@lifeboat/test-servers";

/** A kind of site, ready to be used by another process. */
export interface RemoteSite extends AsyncDisposable {
  readonly name: string;
  /** What `support/remote.mjs` opens. */
  readonly options: Readonly<Record<string, unknown>>;
}

const nothing = async () => undefined;

/** The kinds of sites, each started when it is asked for. */
export const SITES: readonly ((folder: string) => Promise<RemoteSite>)[] = [
  async (folder) => ({
    name: "local",
    options: { type: "local", path: join(folder, "local") },
    [Symbol.asyncDispose]: nothing,
  }),
  async (folder) => {
    const directory = join(folder, "sftp");
    mkdirSync(directory);
    const server = await startSshd({ directory });
    const { host, port, username, privateKey, fingerprint } = server;
    return {
      name: "OpenSSH",
      options: { type: "sftp", host, port, username, privateKey, hostKey: fingerprint, path: `${directory}/site` },
      [Symbol.asyncDispose]: () => server.stop(),
    };
  },
  startCeph,
];

/** A bucket of a Ceph RADOS gateway of its own. */
export async function startCeph(): Promise<RemoteSite> {
  const server = await startCephGateway();
  const { endpoint, credentials } = server;
  const region = "us-east-1";
  const client = new S3Client({ endpoint, credentials, region, forcePathStyle: true });
  const bucket = `bucket-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return {
    name: "Ceph RGW",
    options: { type: "s3", provider: "ceph", endpoint, credentials, region, bucket },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
