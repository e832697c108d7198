import { type ChildProcess, execFile, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The Debian packages that hold the programs. */
const PACKAGES = "radosgw ceph-mon ceph-osd";

/** A program that runs until it is stopped, or until this process is gone. */
export interface Daemon {
  readonly name: string;
  /** Whether it still runs. */
  alive(): boolean;
  stop(): Promise<void>;
}

// The shell waits for the end of its standard input, which also comes when this process is killed.
const GUARD = '"$@" </dev/null & pid=$!; (read -r _; kill -9 $pid) 2>/dev/null <&3 & wait $pid';

/** Starts a program whose output goes to a file, and which dies with this process. */
export function startDaemon(log: string, env: NodeJS.ProcessEnv, name: string, ...args: readonly string[]): Daemon {
  const output = openSync(log, "a");
  const child = spawn("sh", ["-c", GUARD, "sh", name, ...args], { env, stdio: ["ignore", output, output, "pipe"] });
  closeSync(output);
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  return {
    name,
    alive: () => child.exitCode === null && child.signalCode === null,
    async stop() {
      closeGuard(child);
      await ended;
    },
  };
}

function closeGuard(child: ChildProcess): void {
  const guard = child.stdio[3];
  if (guard !== null && guard !== undefined && "destroy" in guard) guard.destroy();
}

/** Runs a program to its end. */
export async function runProgram(env: NodeJS.ProcessEnv, name: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run(name, args, { env, timeout: 60_000 });
  return stdout;
}

/** Says loudly which packages are missing, where one of the programs is. */
export async function assertInstalled(...programs: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const program of programs) if (!(await isInstalled(program))) missing.push(program);
  if (missing.length === 0) return;
  throw new Error(
    `These tests need a real S3 server, and ${missing.join(", ")} is not installed. As root, run: ` +
      `apt-get install -y --no-install-recommends ${PACKAGES}`,
  );
}

async function isInstalled(program: string): Promise<boolean> {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    try {
      await access(join(folder, program), constants.X_OK);
      return true;
    } catch {
      // Not in this folder; the next one may have it.
    }
  }
  return false;
}
