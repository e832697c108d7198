import { randomUUID } from "node:crypto";
import type { S3Server } from "@lifeboat/test-servers";
import { startCephGateway } from "@lifeboat/test-servers";
import { storageSuite } from "@lifeboat/testkit";
import { afterAll, beforeAll } from "vitest";
import { newBucket, plainClient, storageOn } from "../support/buckets.ts";

let server: S3Server;
let bucket: string;

beforeAll(async () => {
  server = await startCephGateway();
  const client = plainClient(server);
  bucket = await newBucket(client);
  client.destroy();
}, 60_000);

afterAll(async () => {
  await server?.stop();
});

storageSuite("s3Storage on a Ceph gateway", {
  scale: 0.1,
  manyKeys: 1100, // a page and some
  putMemory: (9 * 8 + 1) * 1024 * 1024, // eight parts on their way, one that fills, and the piece that is being taken
  create: async () => {
    const options = { prefix: `test/${randomUUID()}` };
    const storage = storageOn(server, bucket, options);
    await storage.connect();
    return { storage, reopen: async () => storageOn(server, bucket, options) };
  },
});
