import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { OPERATIONS, type Operation, type ToolName, tools } from "./tools.ts";

/** How long the event loop of the host was held up, in milliseconds; an idle loop shows about 1. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** One operation of one tool, measured. */
export interface Measurement {
  readonly tool: ToolName;
  readonly operation: Operation;
  readonly seconds: number;
  /** The largest resident set of any of its processes, in bytes. */
  readonly peakBytes: number;
  /** Bytes in the tool's repository, after a backup. */
  readonly storedBytes?: number;
  readonly delay?: LoopDelay;
}

/** Backs up, verifies and restores a corpus with one tool, in fresh folders below `work`, which go afterwards. */
export async function measureTool(
  name: ToolName,
  corpus: string,
  work: string,
  check: boolean,
): Promise<Measurement[]> {
  const place = { CORPUS: corpus, SITE: join(work, "site"), OUT: join(work, "out"), STATE: join(work, "state") };
  const { prepare, commands, env } = tools[name];
  const run = (command: string) => shell(command, { ...process.env, ...env, ...place, REPORT: join(work, "report") });
  try {
    for (const folder of [place.SITE, place.OUT, place.STATE]) await mkdir(folder, { recursive: true });
    if (prepare !== undefined) run(prepare);
    const measured: Measurement[] = [];
    for (const operation of OPERATIONS) {
      const command = commands[operation];
      if (command === undefined) continue;
      run(`find "$${operation === "backup" ? "CORPUS" : "SITE"}" -type f -print0 | xargs -0 -r cat > /dev/null; sync`);
      const { seconds, peakBytes } = run(command);
      const storedBytes = operation === "backup" ? Number(run(`du -sb "$SITE" | cut -f1`).stdout) : undefined;
      measured.push({
        tool: name,
        operation,
        seconds,
        peakBytes,
        ...(storedBytes && { storedBytes }),
        ...report(work),
      });
    }
    if (check) run(`diff -r --no-dereference "$CORPUS" "$OUT"`);
    return measured;
  } finally {
    await rm(work, { recursive: true, force: true });
    run("sync");
  }
}

/** What the tool itself reports; only Lifeboat does. */
function report(work: string): { delay?: LoopDelay } {
  const path = join(work, "report");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as { delay: LoopDelay }) : {};
}

interface Ran {
  readonly stdout: string;
  readonly seconds: number;
  readonly peakBytes: number;
}

/** Runs a command under GNU time, in a process of its own. */
function shell(command: string, env: NodeJS.ProcessEnv): Ran {
  const started = performance.now();
  const timed = ["-q", "-f", "%M", "bash", "-o", "pipefail", "-c", command];
  const { status, stdout, stderr, error } = spawnSync("/usr/bin/time", timed, {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 28,
  });
  const seconds = (performance.now() - started) / 1000;
  if (error !== undefined) throw new Error("GNU time is needed: apt-get install time", { cause: error });
  if (status !== 0) throw new Error(`exit ${status}: ${command}\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`);
  const peak = stderr.trimEnd().split("\n").at(-1);
  return { stdout, seconds, peakBytes: Number(peak) * 1024 };
}
