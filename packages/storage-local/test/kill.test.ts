import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { localStorage } from "@lifeboat/storage-local";
import { all, read } from "@lifeboat/testkit";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { temporaryDirectory, unfinished } from "./helpers.ts";

/** How often a process is killed; LIFEBOAT_KILLS=100 for a long run. */
const KILLS = Number(process.env.LIFEBOAT_KILLS ?? 8);

async function bundledChild(): Promise<string> {
  const outfile = join(await temporaryDirectory(), "child.mjs");
  const entry = join(import.meta.dirname, "kill.child.ts");
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["@lifeboat/source"],
  });
  return outfile;
}

/** Lets the process come to its first results, and kills it a moment later. */
async function killAtRandom(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  const early = exit.then(([code]) => Promise.reject(new Error(`The process ended by itself, with ${code}.`)));
  await Promise.race([once(child.stdout!, "data"), early]);
  await pause(Math.random() * 60);
  child.kill("SIGKILL");
  expect(await exit).toEqual([null, "SIGKILL"]);
}

test(`a process killed at ${KILLS} random moments leaves every object whole or absent, and its leftovers go`, async () => {
  const root = await temporaryDirectory();
  const child = await bundledChild();
  const storage = localStorage({ path: root });
  let objects = 0;
  let leftovers = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    await killAtRandom(spawn(process.execPath, [child, root], { stdio: ["ignore", "pipe", "inherit"] }));
    const before = await unfinished(root);
    leftovers += before.length;
    const keys = (await all(storage.list(""))).map(({ key }) => key);
    for (const key of keys) {
      const bytes = await read(storage.get(key));
      const digest = createHash("sha256").update(bytes.subarray(0, -32)).digest();
      expect(bytes.subarray(-32).equals(digest), `${key} is whole`).toBe(true);
    }
    objects += keys.length;
    await localStorage({ path: root }).put("next", createHash("sha256").digest());
    expect(await unfinished(root)).toEqual([]);
    await storage.delete(keys.filter((_, index) => index % 2 === 0));
  }
  expect(objects).toBeGreaterThan(KILLS);
  expect(leftovers, "the kills struck in the middle of puts").toBeGreaterThan(0);
});
