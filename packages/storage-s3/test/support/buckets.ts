import { randomUUID } from "node:crypto";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { type S3Storage, type S3StorageOptions, s3Storage } from "@lifeboat/storage-s3";
import type { S3Server } from "@lifeboat/test-servers";

/** A plain client of the SDK, to look at a server past the storage. */
export function plainClient({ endpoint, credentials }: Pick<S3Server, "endpoint" | "credentials">): S3Client {
  return new S3Client({
    endpoint,
    credentials,
    region: "us-east-1",
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
}

/** Makes a bucket and answers its name. */
export async function newBucket(client: S3Client, objectLock = false): Promise<string> {
  const Bucket = `bucket-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: objectLock }));
  return Bucket;
}

/** A storage on a server for tests: path style, since its buckets have no host names. */
export function storageOn(
  server: Pick<S3Server, "endpoint" | "credentials">,
  bucket: string,
  options: Partial<S3StorageOptions> = {},
): S3Storage {
  const { endpoint, credentials } = server;
  return s3Storage({ endpoint, credentials, bucket, region: "us-east-1", addressing: "path", ...options });
}
