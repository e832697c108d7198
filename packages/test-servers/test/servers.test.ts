import { startCephGateway, startStrictS3 } from "@lifeboat/test-servers";
import { expect, test } from "vitest";

test("a Ceph gateway that was stopped answers no more, and leaves no process behind", async () => {
  const server = await startCephGateway();
  expect((await fetch(server.endpoint)).status).toBe(200);
  await server.stop();
  await expect(fetch(server.endpoint)).rejects.toThrow();
}, 60_000);

test("a program that is not installed is told with the command that installs it", async () => {
  const path = process.env.PATH;
  process.env.PATH = "/nowhere";
  try {
    await expect(startCephGateway()).rejects.toThrow(
      /apt-get install -y --no-install-recommends radosgw ceph-mon ceph-osd/,
    );
  } finally {
    process.env.PATH = path;
  }
});

test("the strict server refuses what is not signed, as AWS does", async () => {
  const server = await startStrictS3();
  const response = await fetch(`${server.endpoint}/bucket/key`);
  expect(response.status).toBe(403);
  expect(await response.text()).toContain("<Code>AccessDenied</Code>");
  await server.stop();
});
