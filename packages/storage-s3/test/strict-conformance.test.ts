import { randomUUID } from "node:crypto";
import { Bucket, type StrictS3, startStrictS3 } from "@lifeboat/test-servers";
import { storageSuite } from "@lifeboat/testkit";
import { afterAll, beforeAll } from "vitest";
import { storageOn } from "./support/buckets.ts";

let server: StrictS3;

beforeAll(async () => {
  server = await startStrictS3();
});

afterAll(async () => {
  await server.stop();
});

storageSuite("s3Storage on a server as strict as AWS", {
  scale: 0.1,
  create: async () => {
    const bucket = `bucket-${randomUUID()}`;
    server.buckets.set(bucket, new Bucket());
    const options = { provider: "aws", prefix: "some/folder/" } as const;
    const storage = storageOn(server, bucket, options);
    await storage.connect();
    return {
      storage,
      reopen: async () => storageOn(server, bucket, options),
      cleanup: async () => void server.buckets.delete(bucket),
    };
  },
});
