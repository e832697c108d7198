import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { uptime } from "node:os";
import { join } from "node:path";
import { type ProcessIdentity, processIdentity, processIsGone } from "@lifeboat/threads";
import { errnoOf } from "../errors.ts";

const PREFIX = ".lifeboat-restore-";
const NAME = /^\.lifeboat-restore-([0-9a-f]{8})-([0-9a-f]{8})-([0-9a-f]{8})-([0-9a-z]+)-([0-9a-z]*)-[0-9a-z]+$/;
/** Clocks may differ by so much. */
const SLACK_MS = 60_000;
let next = 0;

/**
 * A name for the directory in which what is restored to a target is made. It tells which
 * process makes it, so that what a killed one has left is known for that.
 */
export function stagingName(target: string): string {
  const own = processIdentity();
  const parts = [digest(target), digest(own.host), incarnation(own), own.pid.toString(36), own.startTime ?? ""];
  return `${PREFIX}${parts.join("-")}-${(next++).toString(36)}`;
}

/**
 * The directories in `parent` that killed restores to this target have left: their process
 * is proven gone, or they are older than this machine's (or container's) start and were made
 * under its name. Where neither can be told, they are left alone.
 */
export async function leftovers(parent: string, target: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await namesIn(parent)) {
    const [, of, host, where, pid = "", startTime = ""] = NAME.exec(name) ?? [];
    const own = processIdentity();
    if (of !== digest(target) || host !== digest(own.host)) continue;
    const maker = { ...own, pid: Number.parseInt(pid, 36), startTime: startTime === "" ? null : startTime };
    const gone = where === incarnation(own) ? processIsGone(maker) : await isOlderThanStart(join(parent, name));
    if (gone) found.push(name);
  }
  return found;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === "EACCES") return []; // it can be written to all the same
    throw error;
  }
}

async function isOlderThanStart(path: string): Promise<boolean> {
  const start = startOfSystem();
  if (start === null) return false;
  try {
    return (await lstat(path)).mtimeMs + SLACK_MS < start;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false; // another restore was faster
    throw error;
  }
}

/** When the first process of this machine or container began; `null` where that is not to be seen. */
function startOfSystem(): number | null {
  try {
    const stat = readFileSync("/proc/1/stat", "latin1");
    const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
    return Number.isFinite(ticks) ? Date.now() - uptime() * 1000 + ticks * 10 : null;
  } catch {
    return null; // not Linux, or hidden: then only what is proven gone is removed
  }
}

/** One start of a machine or container: only within it do pids mean anything. */
function incarnation({ boot, pidNamespace }: ProcessIdentity): string {
  return digest(`${boot} ${pidNamespace}`);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
