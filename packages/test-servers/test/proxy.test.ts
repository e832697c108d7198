import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type FaultProxy, type FaultProxyOptions, type Faults, startFaultProxy } from "@lifeboat/test-servers";
import { afterEach, expect, test } from "vitest";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

/** A server that remembers what it got, and sends it back where it is told to. */
async function setUp(options: Omit<FaultProxyOptions, "target"> = {}, echo = true) {
  const received: Buffer[] = [];
  const ends: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => ends.push("error"));
    socket.on("end", () => ends.push("end"));
    socket.on("data", (bytes) => {
      received.push(bytes);
      if (echo) socket.write(bytes);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const proxy = await startFaultProxy({ target: port, ...options });
  open.push(
    async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
    () => proxy.close(),
  );
  return { proxy, received, ends };
}

interface Client {
  readonly socket: Socket;
  readonly got: () => Buffer;
  /** How it ended: an error's code, or `end`. */
  readonly over: Promise<string>;
  has(length: number): Promise<void>;
}

async function dial(proxy: FaultProxy): Promise<Client> {
  const pieces: Buffer[] = [];
  const socket = connect({ host: proxy.host, port: proxy.port, noDelay: true });
  const over = new Promise<string>((resolve) => {
    socket.on("error", (error) => resolve((error as NodeJS.ErrnoException).code ?? "error"));
    socket.on("end", () => resolve("end"));
  });
  socket.on("data", (bytes) => pieces.push(bytes));
  open.push(async () => socket.destroy());
  await Promise.race([once(socket, "connect").catch(() => undefined), over]);
  const got = () => Buffer.concat(pieces);
  return {
    socket,
    over,
    got,
    async has(length) {
      while (got().length < length) await once(socket, "data");
    },
  };
}

test("without faults every byte passes both ways, and so does the end", async () => {
  const { proxy, received, ends } = await setUp();
  const client = await dial(proxy);
  const bytes = Buffer.alloc(3_000_000, "lifeboat");
  client.socket.write(bytes);
  await client.has(bytes.length);
  expect(client.got().equals(bytes) && Buffer.concat(received).equals(bytes)).toBe(true);
  client.socket.end();
  await expect.poll(() => ends).toEqual(["end"]);
  expect(proxy.stats).toMatchObject({ connections: 1, up: bytes.length, down: bytes.length });
});

test("a refused connection meets nobody, until the refusal is lifted", async () => {
  const { proxy } = await setUp({ faults: { connect: "refuse" } });
  expect(await (await dial(proxy)).over).toBe("ECONNREFUSED");
  await proxy.set({});
  const client = await dial(proxy);
  await proxy.set({ connect: "refuse" });
  expect(await (await dial(proxy)).over).toBe("ECONNREFUSED");
  client.socket.write("still open");
  await client.has(10);
});

test("a connection is reset when it is accepted", async () => {
  const { proxy } = await setUp({ faults: { connect: "reset" } });
  expect(await (await dial(proxy)).over).toBe("ECONNRESET");
});

for (const how of ["rst", "fin"] as const) {
  const endings = how === "rst" ? /ECONNRESET|EPIPE/ : /^end$/;
  for (const afterBytes of [0, 1, 70_000, 1_000_000]) {
    test(`an upload is cut by ${how.toUpperCase()} after exactly ${afterBytes} bytes`, async () => {
      const { proxy, received } = await setUp({ faults: { cut: { direction: "up", afterBytes, how } } }, false);
      const client = await dial(proxy);
      client.socket.write(Buffer.alloc(2_000_000));
      expect(await client.over).toMatch(endings);
      await expect.poll(() => Buffer.concat(received).length).toBe(afterBytes);
      const next = await dial(proxy);
      next.socket.write(Buffer.alloc(10));
      await expect.poll(() => Buffer.concat(received).length).toBe(afterBytes + 10);
    });

    test(`a download is cut by ${how.toUpperCase()} after exactly ${afterBytes} bytes`, async () => {
      const { proxy } = await setUp({ faults: { cut: { direction: "down", afterBytes, how, times: 2 } } });
      for (let round = 0; round < 2; round += 1) {
        const client = await dial(proxy);
        client.socket.write(Buffer.alloc(1_500_000));
        expect(await client.over).toMatch(endings);
        expect(client.got().length).toBe(afterBytes);
      }
      const client = await dial(proxy);
      client.socket.write("whole");
      await client.has(5);
    });
  }
}

test("the answer to one request alone is lost, although the server has received it", async () => {
  const faults: Faults = { cut: { direction: "down", afterBytes: 0, armedBy: "PUT /key" } };
  const { proxy, received } = await setUp({ faults });
  const client = await dial(proxy);
  client.socket.write("GET /key\n");
  await client.has(9);
  client.socket.write("PUT /key\n");
  expect(await client.over).toBe("ECONNRESET");
  expect(client.got().toString()).toBe("GET /key\n");
  expect(Buffer.concat(received).toString()).toBe("GET /key\nPUT /key\n");
});

test("bytes count for each connection by itself where that is asked for", async () => {
  const { proxy } = await setUp({ faults: { cut: { direction: "up", afterBytes: 5, each: true } } });
  const [one, two] = [await dial(proxy), await dial(proxy)];
  one.socket.write("1234");
  two.socket.write("1234");
  await Promise.all([one.has(4), two.has(4)]);
  two.socket.write("56");
  expect(await two.over).toBe("ECONNRESET");
  one.socket.write("still");
  await one.has(9);
});

test("only the chosen connection has faults", async () => {
  const faults: Faults = { cut: { direction: "up", afterBytes: 1 } };
  const { proxy } = await setUp({ connection: (index) => (index === 1 ? faults : undefined) });
  const clients = [await dial(proxy), await dial(proxy), await dial(proxy)];
  for (const { socket } of clients) socket.write("abc");
  expect(await clients[1]!.over).toBe("ECONNRESET");
  await Promise.all([clients[0]!.has(3), clients[2]!.has(3)]);
});

test("what stalls goes on, whole, when the stall is lifted", async () => {
  const { proxy, received, ends } = await setUp({ faults: { next: { afterBytes: 3, faults: { stall: "up" } } } });
  const client = await dial(proxy);
  client.socket.write("abc");
  await client.has(3);
  client.socket.write("def");
  client.socket.end();
  await pause(30);
  expect(Buffer.concat(received).toString()).toBe("abc");
  await proxy.set({});
  await client.has(6);
  await expect.poll(() => ends).toEqual(["end"]);
});

test("who sends into a stall is made to wait", async () => {
  const { proxy } = await setUp({ faults: { stall: "up" } });
  const client = await dial(proxy);
  client.socket.write(Buffer.alloc(32 * 1024 * 1024));
  await pause(100);
  expect(client.socket.writableLength).toBeGreaterThan(0);
  expect(proxy.stats.up).toBe(0);
});

test("a black hole swallows bytes and closings, and who lost bytes in it never hears again", async () => {
  const { proxy, received, ends } = await setUp();
  const client = await dial(proxy);
  client.socket.write("one");
  await client.has(3);
  await proxy.set({ blackhole: "up" });
  client.socket.write("two");
  const late = await dial(proxy);
  late.socket.write("hello?");
  await expect.poll(() => proxy.stats.swallowed).toBe(9);
  await proxy.set({});
  client.socket.write("three");
  client.socket.destroy();
  const next = await dial(proxy);
  next.socket.write("four");
  await next.has(4);
  expect(Buffer.concat(received).toString()).toBe("onefour");
  expect(late.got().length).toBe(0);
  expect(ends).toEqual([]);
});

test("a server that hangs takes connections and never answers", async () => {
  const { proxy } = await setUp({ faults: { connect: "hang" } });
  const client = await dial(proxy);
  client.socket.write("hello?");
  await expect.poll(() => proxy.stats.swallowed).toBe(6);
  expect(client.got().length).toBe(0);
  proxy.cutAll();
  expect(await client.over).toBe("ECONNRESET");
});

test("latency is added each way, and does not add up over pieces", async () => {
  const { proxy } = await setUp({ faults: { latencyMs: 300 } });
  const client = await dial(proxy);
  const began = performance.now();
  for (let at = 0; at < 50; at += 1) client.socket.write(Buffer.alloc(20_000));
  await client.has(1_000_000);
  const took = performance.now() - began;
  expect(took).toBeGreaterThanOrEqual(599);
  expect(took).toBeLessThan(4500); // of pieces of 64 KiB, which is the most, it would be five seconds each way
});

test("a throttle holds a connection to its rate", async () => {
  const { proxy } = await setUp({ faults: { bytesPerSecond: 1_000_000 } }, false);
  const client = await dial(proxy);
  const began = performance.now();
  client.socket.write(Buffer.alloc(300_000));
  await expect.poll(() => proxy.stats.up, { interval: 5 }).toBe(300_000);
  const took = performance.now() - began;
  expect(took).toBeGreaterThan(270);
  expect(took).toBeLessThan(20_000);
});

test("an outage resets everybody, refuses for its time, and then all is as before", async () => {
  const { proxy } = await setUp();
  const client = await dial(proxy);
  client.socket.write("abc");
  await client.has(3);
  const outage = proxy.outage(100);
  expect(await client.over).toBe("ECONNRESET");
  expect(await (await dial(proxy)).over).toBe("ECONNREFUSED");
  await outage;
  const next = await dial(proxy);
  next.socket.write("abc");
  await next.has(3);
});

test("faults follow one another by time", async () => {
  const { proxy } = await setUp({ faults: { connect: "refuse", next: { afterMs: 100, faults: {} } } });
  expect(await (await dial(proxy)).over).toBe("ECONNREFUSED");
  await expect.poll(async () => (await dial(proxy)).socket.readyState).toBe("open");
});

test("a server that is not there shows as a reset", async () => {
  await using nowhere = await startFaultProxy({ target: 1 });
  expect(await (await dial(nowhere)).over).toBe("ECONNRESET");
});

test("closing twice is fine, and leaves nothing listening", async () => {
  const { proxy } = await setUp({ faults: { latencyMs: 5 } });
  await proxy.close();
  await proxy.close();
  expect(await (await dial(proxy)).over).toBe("ECONNREFUSED");
});
