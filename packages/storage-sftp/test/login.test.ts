import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { sftpStorage } from "@lifeboat/storage-sftp";
import { makeKey, type SftpServer, startRcloneSftp, startSshd } from "@lifeboat/test-servers";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { failureOf, read, storageOn } from "./helpers.ts";

let sshd: SftpServer;
let rclone: SftpServer;
let keys: string;
let locked: string;
let stranger: string;

beforeAll(async () => {
  [sshd, rclone] = await Promise.all([startSshd({ hostKeyTypes: ["ed25519", "ecdsa", "rsa"] }), startRcloneSftp()]);
  keys = await mkdtemp(join(tmpdir(), "lifeboat-keys-"));
  makeKey(join(keys, "locked"), "ed25519", "a secret passphrase");
  makeKey(join(keys, "stranger"), "ed25519");
  locked = await readFile(join(keys, "locked"), "utf8");
  stranger = await readFile(join(keys, "stranger"), "utf8");
});

afterAll(async () => {
  await Promise.all([sshd?.stop(), rclone?.stop(), rm(keys, { recursive: true, force: true })]);
});

test("a password lets in", async () => {
  const storage = storageOn(rclone, { privateKey: undefined, password: rclone.password });
  await storage.put("a", Buffer.from("hello"));
  expect((await read(storage.get("a"))).toString()).toBe("hello");
});

test("without a pinned key the first call says which one it saw, and how to pin it", async () => {
  const error = await failureOf(storageOn(sshd, { hostKey: undefined }).stat("a"));
  expect(error).toMatchObject({ code: "INVALID" });
  expect(error.message).toContain(sshd.fingerprint);
  expect(error.hint).toContain(`hostKey: "${sshd.fingerprint}"`);
});

test("a key can be pinned as a fingerprint, a line of known_hosts, one of several, or by a function", async () => {
  const seen: string[] = [];
  const right = [
    sshd.fingerprint,
    sshd.hostKey,
    `[127.0.0.1]:22 ${sshd.hostKey} comment`,
    [`SHA256:${"A".repeat(43)}`, sshd.fingerprint],
    async (key: { fingerprint: string; line: string }) => {
      seen.push(key.fingerprint, key.line);
      return true;
    },
  ];
  for (const hostKey of right) expect(await storageOn(sshd, { hostKey }).stat("a")).toBeNull();
  expect(seen).toEqual([sshd.fingerprint, sshd.hostKey]);
});

test("a server with several keys is known by any of them", async () => {
  const folder = sshd.directory.replace(/\/data$/, "");
  for (const type of ["ecdsa", "rsa"]) {
    const line = await readFile(join(folder, `host_${type}.pub`), "utf8");
    expect(await storageOn(sshd, { hostKey: line }).stat("a")).toBeNull();
  }
});

test("a server that is known by another of its keys and refuses the login is not taken for a stranger", async () => {
  const folder = sshd.directory.replace(/\/data$/, "");
  const hostKey = await readFile(join(folder, "host_rsa.pub"), "utf8");
  const error = await failureOf(storageOn(sshd, { hostKey, privateKey: stranger }).stat("a"));
  expect(error).toMatchObject({ code: "UNAUTHENTICATED" });
  expect(error.hint).toContain("authorized_keys");
});

test("a server that shows another key, or that the function refuses, is told nothing", async () => {
  for (const hostKey of [`SHA256:${"A".repeat(43)}`, () => false]) {
    const error = await failureOf(
      storageOn(rclone, { privateKey: undefined, password: "tell-nobody", hostKey }).stat("a"),
    );
    expect(error).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(error.message).toContain(rclone.fingerprint);
    expect(error.hint).toContain("ssh-keygen");
  }
  expect(rclone.log()).not.toContain("tell-nobody");
});

test("each way of not getting in has a message of its own, and none holds a secret", { timeout: 60_000 }, async () => {
  const silent = createServer((socket) => socket.on("error", () => undefined)).listen(0, "127.0.0.1");
  onTestFinished(() => void silent.close());
  const chatty = createServer((socket) => socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  chatty.listen(0, "127.0.0.1");
  onTestFinished(() => void chatty.close());
  await new Promise((resolve) => chatty.once("listening", resolve));
  const portOf = (server: typeof silent) => (server.address() as { port: number }).port;
  const quick = { outageMs: 0, connectTimeoutMs: 300 };
  const secret = "s3cr3t-passw0rd";
  const errors = await Promise.all(
    [
      storageOn(rclone, { privateKey: undefined, password: secret }),
      storageOn(sshd, { privateKey: undefined, password: secret }),
      storageOn(sshd, { privateKey: stranger }),
      storageOn(sshd, { privateKey: locked, passphrase: secret }),
      storageOn(sshd, { privateKey: locked }),
      storageOn(sshd, { privateKey: "no key at all" }),
      storageOn(sshd, { host: "no-such-host.invalid" }),
      storageOn(sshd, { port: 1, ...quick }),
      storageOn(sshd, { port: portOf(silent), ...quick }),
      storageOn(sshd, { port: portOf(chatty), ...quick }),
      storageOn(sshd, { privateKey: undefined, agent: "/nowhere/agent.sock" }),
    ].map((storage) => failureOf(storage.stat("a"))),
  );
  const codes = errors.map(({ code }) => code);
  expect(codes).toEqual([
    "UNAUTHENTICATED",
    "UNAUTHENTICATED",
    "UNAUTHENTICATED",
    "WRONG_KEY",
    "WRONG_KEY",
    "INVALID",
    "UNREACHABLE",
    "UNREACHABLE",
    "TIMEOUT",
    "INVALID",
    "UNAUTHENTICATED",
  ]);
  const texts = errors.map(({ message, hint }) => `${message} ${hint}`);
  expect(new Set(texts).size).toBe(texts.length);
  for (const error of errors) {
    expect(error.hint).toMatch(/\w{3}/);
    const everything = inspect(error, { depth: 10, showHidden: true });
    expect(everything).not.toContain(secret);
    expect(everything).not.toContain("PRIVATE KEY");
  }
});

test("an encrypted key lets in with its passphrase", async () => {
  const folder = sshd.directory.replace(/\/data$/, "");
  makeKey(join(folder, "encrypted"), "ed25519", "open sesame");
  const privateKey = await readFile(join(folder, "encrypted"), "utf8");
  const server = await startSshd({ configuration: [`AuthorizedKeysFile ${join(folder, "encrypted.pub")}`] });
  onTestFinished(() => server.stop());
  expect(await storageOn(server, { privateKey, passphrase: "open sesame" }).stat("a")).toBeNull();
});

test("a server that takes no more connections is waited for, then told apart", async () => {
  const server = await startSshd({ configuration: ["MaxStartups 1:100:1", "LoginGraceTime 60"] });
  onTestFinished(() => server.stop());
  const first = await takeThePlace(server);
  onTestFinished(() => void first.destroy());
  const codes = new Set<string | undefined>();
  // The server says why and resets the connection; about every second time its reset overtakes its words.
  for (let attempt = 0; attempt < 40 && !codes.has("RATE_LIMITED"); attempt++) {
    const error = await failureOf(storageOn(server, { outageMs: 0 }).stat("a"));
    expect(error).toMatchObject({ code: expect.stringMatching(/^(RATE_LIMITED|UNREACHABLE)$/), retryable: true });
    expect(error.hint).toContain("MaxStartups");
    codes.add(error.code);
  }
  expect(codes).toContain("RATE_LIMITED");
});

/** A connection that takes a server's only place and never says who it is. */
async function takeThePlace({ host, port }: SftpServer): Promise<Socket> {
  for (;;) {
    const connection = createConnection({ host, port }).on("error", () => {}); // told by its end
    const words = await new Promise<string>((resolve) => {
      connection.once("data", (bytes) => resolve(bytes.toString())).once("close", () => resolve(""));
    });
    if (words.startsWith("SSH-")) return connection;
    connection.destroy(); // what looked whether the server is up still had the place
  }
}

test("options that cannot work are refused at once", () => {
  const base = { host: "h", username: "u", password: "p", path: "backups" };
  const wrong = [
    { ...base, host: "" },
    { ...base, username: "" },
    { ...base, port: 0 },
    { ...base, path: "" },
    { ...base, path: "~/backups" },
    { ...base, password: undefined },
    { ...base, connections: 0 },
    { ...base, idleTimeoutMs: Number.NaN },
  ];
  for (const options of wrong) expect(() => sftpStorage(options)).toThrow(expect.objectContaining({ code: "INVALID" }));
  expect(sftpStorage(base).name).toBe("sftp://u@h/backups");
});
