import { once } from "node:events";
import { createServer } from "node:http";
import { type HttpFaultProxy, startHttpFaultProxy } from "@lifeboat/test-servers";
import { afterEach, beforeEach, expect, test } from "vitest";

const got: string[] = [];
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (piece) => (body += String(piece)));
  request.on("end", () => {
    got.push(`${request.method} ${request.headers.host} ${body}`);
    response.end("done");
  });
});
let proxy: HttpFaultProxy;
let address: string;

beforeEach(async () => {
  got.length = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("Expected a TCP port.");
  proxy = await startHttpFaultProxy({ target: bound.port });
  address = `127.0.0.1:${proxy.port}`;
});

afterEach(async () => {
  await proxy.close();
  server.closeAllConnections();
  server.close();
});

const put = () => fetch(`http://${address}/bucket/name`, { method: "PUT", body: "bytes" });

test("requests pass as they are, under the name that the client signed for", async () => {
  expect(await (await put()).text()).toBe("done");
  expect(got).toEqual([`PUT ${address} bytes`]);
  expect(proxy.struck).toEqual([]);
});

test("a refused request never reaches the server, and is answered as S3 does", async () => {
  proxy.set((operation) =>
    operation === "PutObject" ? { do: "refuse", status: 503, code: "SlowDown", message: "Slower." } : undefined,
  );
  const answer = await put();
  expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining("<Code>SlowDown</Code>")]);
  expect(got).toEqual([]);
  expect((await fetch(`http://${address}/bucket/name`)).status).toBe(200);
  expect(proxy.struck).toEqual(["PutObject"]);
});

test("a request whose answer is lost has been carried out", async () => {
  proxy.set(() => ({ do: "lose" }));
  await expect(put()).rejects.toThrow();
  expect(got).toHaveLength(1);
});
