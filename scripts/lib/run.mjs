// Running other programs from the scripts.
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./workspace.mjs";

/**
 * Runs a program to its end and answers what it wrote to stdout. Where it fails, all
 * that it wrote is in the error.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 */
export function run(program, args, options = {}) {
  const result = spawnSync(program, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 28,
    ...options,
  });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    const how = result.signal ? `was ended by ${result.signal}` : `exited with ${result.status}`;
    throw new Error(`${[program, ...args].join(" ")} ${how}\n${String(result.stdout)}${String(result.stderr)}`);
  }
  return String(result.stdout);
}

/** Runs `work` in a new temporary folder, which goes afterwards. */
export async function withTemporaryFolder(work) {
  const folder = await mkdtemp(join(tmpdir(), "lifeboat-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
