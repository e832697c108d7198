import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import type { Storage } from "@lifeboat/contracts";
import { type S3StorageOptions, s3Storage } from "@lifeboat/storage-s3";
import { type SftpStorageOptions, sftpStorage } from "@lifeboat/storage-sftp";
import type { S3Server, SftpServer } from "@lifeboat/test-servers";
import { LIMITS } from "./limits.ts";

/** What differs from the settings that are right. */
export interface Wrong {
  /** Of a proxy. */
  readonly port?: number;
  readonly s3?: Partial<S3StorageOptions>;
  readonly sftp?: Partial<SftpStorageOptions>;
}

/** A directory or bucket on a server, used by one cell of the matrix alone. */
export interface Place {
  /** The server's own port. */
  readonly port: number;
  /** The bucket, or the directory. */
  readonly name: string;
  open(wrong?: Wrong): Storage;
  /** All that lies there, whether listings show it or not: looked at past the storage. */
  everything(): Promise<string[]>;
}

let places = 0;

/** A directory of its own on an SFTP server. */
export function sftpPlace(server: SftpServer): Place {
  places += 1;
  const name = `place-${places}`;
  const { host, port, username, privateKey, fingerprint } = server;
  return {
    port,
    name,
    open: (wrong = {}) =>
      sftpStorage({
        host,
        port: wrong.port ?? port,
        username,
        privateKey,
        hostKey: fingerprint,
        path: `${server.directory}/${name}`,
        connectTimeoutMs: LIMITS.connect,
        idleTimeoutMs: LIMITS.idle,
        outageMs: LIMITS.retry,
        ...wrong.sftp,
      }),
    everything: async () => {
      const root = join(server.folder, name);
      const found = await readdir(root, { recursive: true, withFileTypes: true });
      return found
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
    },
  };
}

/** A bucket of its own on an S3 server. */
export async function s3Place({ endpoint, port, credentials }: S3Server): Promise<Place> {
  places += 1;
  const Bucket = `place-${places}`;
  const region = "us-east-1";
  const client = new S3Client({ endpoint, credentials, region, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket }));
  return {
    port,
    name: Bucket,
    open: (wrong = {}) =>
      s3Storage({
        endpoint: wrong.port === undefined ? endpoint : `http://127.0.0.1:${wrong.port}`,
        credentials,
        region,
        bucket: Bucket,
        addressing: "path",
        partBytes: 5 * 1024 * 1024,
        connectTimeout: LIMITS.connect,
        idleTimeout: LIMITS.idle,
        retryTime: LIMITS.retry,
        ...wrong.s3,
      }),
    everything: async () => {
      const [objects, uploads] = await Promise.all([
        client.send(new ListObjectsV2Command({ Bucket })),
        client.send(new ListMultipartUploadsCommand({ Bucket })),
      ]);
      if (objects.IsTruncated === true) throw new Error("Expected fewer objects in a cell's bucket.");
      return [
        ...(objects.Contents ?? []).map(({ Key }) => String(Key)),
        ...(uploads.Uploads ?? []).map(({ Key }) => `upload of ${Key}`),
      ];
    },
  };
}
