import { execFileSync } from "node:child_process";
import { getEventListeners } from "node:events";
import { mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type SftpServer, startRcloneSftp, startSshd } from "@lifeboat/test-servers";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { all, failureOf, read, storageOn } from "./helpers.ts";

let sshd: SftpServer;

beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(async () => {
  await sshd?.stop();
});

async function serverWith(...sftpArguments: string[]): Promise<SftpServer> {
  const server = await startSshd({ sftpArguments });
  onTestFinished(() => server.stop());
  return server;
}

test("files and folders are for their owner only", async () => {
  const path = join(sshd.directory, "deep", "er");
  await storageOn(sshd, { path }).put("a/b", Buffer.from("x"));
  const mode = async (...parts: string[]) => ((await stat(join(path, ...parts))).mode & 0o777).toString(8);
  expect(await Promise.all([mode(), mode("a"), mode(".lifeboat-tmp"), mode("a/b")])).toEqual([
    "700",
    "700",
    "700",
    "600",
  ]);
});

test("unfinished files never show, and a sweep removes those that are old", async () => {
  const path = join(sshd.directory, "swept");
  const storage = storageOn(sshd, { path });
  await storage.put("a", Buffer.from("x"));
  const temporary = join(path, ".lifeboat-tmp");
  for (const name of ["old", "young"]) await writeFile(join(temporary, name), "x");
  const then = Date.now() / 1000 - 25 * 3600;
  await utimes(join(temporary, "old"), then, then);
  expect((await all(storage.list(""))).map(({ key }) => key)).toEqual(["a"]);
  expect(await storage.sweep?.()).toBe(1);
  expect(await readdir(temporary)).toEqual(["young"]);
});

test("the first put of a process removes what another left a day ago", async () => {
  const path = join(sshd.directory, "left");
  const temporary = join(path, ".lifeboat-tmp");
  await mkdir(temporary, { recursive: true });
  await writeFile(join(temporary, "old"), "x");
  const then = Date.now() / 1000 - 25 * 3600;
  await utimes(join(temporary, "old"), then, then);
  await storageOn(sshd, { path }).put("a", Buffer.from("x"));
  await expect.poll(() => readdir(temporary)).toEqual([]);
});

test("links are not followed", async () => {
  const path = join(sshd.directory, "linked");
  await mkdir(path);
  await writeFile(join(sshd.directory, "outside"), "secret");
  await symlink(join(sshd.directory, "outside"), join(path, "link"));
  const storage = storageOn(sshd, { path });
  expect(await all(storage.list(""))).toEqual([]);
  expect(await failureOf(storage.stat("link"))).toMatchObject({ code: "INVALID" });
  expect(await failureOf(read(storage.get("link")))).toMatchObject({ code: "INVALID" });
});

test("a server that only lets read says so, and reading goes on", async () => {
  const server = await serverWith("-R");
  await writeFile(join(server.directory, "a"), "hello");
  const storage = storageOn(server, { path: server.directory });
  await storage.connect?.();
  expect((await read(storage.get("a"))).toString()).toBe("hello");
  const error = await failureOf(storage.put("b", Buffer.from("x")));
  expect(error).toMatchObject({ code: "PERMISSION_DENIED", operation: "storage.put", key: "b" });
  expect(error.hint).toContain(server.username);
});

test("a full disk is told from other failures, and leaves nothing behind", async () => {
  const disk = join(sshd.directory, "disk");
  await mkdir(disk);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", disk], { stdio: "pipe" });
  } catch (cause) {
    throw new Error("This test mounts a disk of its own: run it as root.", { cause });
  }
  onTestFinished(() => void execFileSync("umount", ["--lazy", disk]));
  const storage = storageOn(sshd, { path: disk });
  await storage.put("a", Buffer.alloc(1024 * 1024));
  const error = await failureOf(storage.put("b", Buffer.alloc(6 * 1024 * 1024)));
  expect(error).toMatchObject({ code: "NO_SPACE", operation: "storage.put", key: "b" });
  expect(error.hint).toContain("Free some space");
  // What the connection itself tries out meanwhile goes by itself, a moment later.
  await expect.poll(() => readdir(join(disk, ".lifeboat-tmp"))).toEqual([]);
  expect((await storage.space?.())?.total).toBe(4 * 1024 * 1024);
});

test("capabilities say what was proved, and nothing before", async () => {
  const rclone = await startRcloneSftp();
  onTestFinished(() => rclone.stop());
  const plain = await serverWith("-P", "hardlink,posix-rename,statvfs,fsync,limits");
  const facts = [];
  for (const server of [sshd, plain, rclone]) {
    const storage = storageOn(server);
    expect(storage.capabilities).toMatchObject({ conditionalPut: false, copy: false, space: false });
    await storage.connect?.();
    const { conditionalPut, copy, space } = storage.capabilities;
    expect([storage.copy !== undefined, storage.space !== undefined]).toEqual([copy !== false, space]);
    facts.push([conditionalPut, copy, space]);
  }
  expect(facts).toEqual([
    [true, "hardlink", true],
    [true, false, false],
    [false, false, false],
  ]);
});

test("a server without extensions keeps objects whole, replaces them, and creates one only", async () => {
  const server = await serverWith("-P", "hardlink,posix-rename,statvfs,fsync,limits");
  const storage = storageOn(server, { path: join(server.directory, "plain") });
  for (const text of ["first", "second"]) {
    await storage.put("a/b", Buffer.from(text));
    expect((await read(storage.get("a/b"))).toString()).toBe(text);
  }
  expect(await failureOf(storage.put("a/b", Buffer.from("x"), { ifAbsent: true }))).toMatchObject({
    code: "ALREADY_EXISTS",
  });
  const racers = Array.from({ length: 8 }, (_, index) => storage.put("c", Buffer.from(`${index}`), { ifAbsent: true }));
  const won = (await Promise.allSettled(racers)).filter(({ status }) => status === "fulfilled");
  expect(won.length).toBe(1);
  expect((await readFile(join(server.directory, "plain", "a/b"))).toString()).toBe("second");
  expect(await readdir(join(server.directory, "plain", ".lifeboat-tmp"))).toEqual([]);
});

test("one signal serves many calls at once without a warning, and nothing is left on it", async () => {
  const warnings: Error[] = [];
  const warned = (warning: Error) => warnings.push(warning);
  process.on("warning", warned);
  onTestFinished(() => void process.off("warning", warned));
  const storage = storageOn(sshd);
  const { signal } = new AbortController();
  const keys = Array.from({ length: 16 }, (_, n) => `a/${n}`);
  await Promise.all(keys.map((key) => storage.put(key, Buffer.from(key), { signal })));
  const back = await Promise.all(keys.map((key) => read(storage.get(key, { signal }))));
  expect(back.map(String)).toEqual(keys);
  expect(warnings.map(({ name }) => name)).not.toContain("MaxListenersExceededWarning");
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
