import { link, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { localStorage } from "@lifeboat/storage-local";
import { expect, test } from "vitest";
import { create } from "../src/lib/publish.ts";
import { temporaryDirectory, unfinished } from "./helpers.ts";

/** What vfat and many network shares answer. */
const noLinks = (async () => {
  throw Object.assign(new Error("EPERM"), { code: "EPERM", syscall: "link" });
}) as typeof link;

async function unfinishedFile(root: string, name: string): Promise<string> {
  const folder = join(root, ".lifeboat-tmp");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), name);
  return join(folder, name);
}

test("where there are no hard links, of several that create one key still only one wins", async () => {
  const root = await temporaryDirectory();
  const file = join(root, "a");
  const names = Array.from({ length: 12 }, (_, index) => `0123456789ab-${index + 1}-0123456789abcdef`);
  const outcomes = await Promise.all(
    names.map(async (name) => create({ key: "a", temporary: await unfinishedFile(root, name), file }, noLinks)),
  );
  expect(outcomes.filter(Boolean).length).toBe(1);
  expect(await readFile(file, "utf8")).toBe(names[outcomes.indexOf(true)]);
  expect((await readdir(join(root, ".lifeboat-tmp"))).filter((name) => name.startsWith("claim-"))).toEqual([]);
});

test("the claim of a dead process is removed with the next storage's first put", async () => {
  const root = await temporaryDirectory();
  const storage = localStorage({ path: root });
  async function* body() {
    const [own = ""] = await unfinished(root);
    const dead = own.replace(/-\d+-/, "-4194305-"); // above the largest process id of Linux
    await unfinishedFile(root, dead);
    await writeFile(join(root, ".lifeboat-tmp/claim-abc"), dead);
    yield Buffer.from("a");
  }
  await storage.put("a", body());
  expect((await unfinished(root)).length).toBe(2);
  await localStorage({ path: root }).put("b", Buffer.from("b"));
  expect(await unfinished(root)).toEqual([]);
});

test("an answer that was lost and asked for again counts as won", async () => {
  const root = await temporaryDirectory();
  const temporary = await unfinishedFile(root, "0123456789ab-1-0123456789abcdef");
  const file = join(root, "a");
  const twice = (async (from, to) => {
    await link(from, to);
    await link(from, to);
  }) as typeof link;
  expect(await create({ key: "a", temporary, file }, twice)).toBe(true);
});
