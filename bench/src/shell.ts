import { spawnSync } from "node:child_process";

/** What a command came to. */
export interface Ran {
  readonly stdout: string;
  readonly seconds: number;
  /** Processor time of all its processes and threads, user and system. */
  readonly cpuSeconds: number;
  /** The largest resident set of any of its processes. */
  readonly peakBytes: number;
}

/** Runs a command under GNU time, in a process of its own. */
export function shell(command: string, env: NodeJS.ProcessEnv): Ran {
  const started = performance.now();
  const timed = ["-q", "-f", "%M %U %S", "bash", "-o", "pipefail", "-c", command];
  const { status, stdout, stderr, error } = spawnSync("/usr/bin/time", timed, {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 28,
  });
  const seconds = (performance.now() - started) / 1000;
  if (error !== undefined) throw new Error("GNU time is needed: apt-get install time", { cause: error });
  if (status !== 0) throw new Error(`exit ${status}: ${command}\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`);
  const [peak, user, system] = (stderr.trimEnd().split("\n").at(-1) ?? "").split(" ").map(Number);
  return {
    stdout,
    seconds,
    cpuSeconds: (user ?? Number.NaN) + (system ?? Number.NaN),
    peakBytes: (peak ?? Number.NaN) * 1024,
  };
}

/** Reads every file below a folder once, so that it is in the page cache, and lets earlier writes reach the disk. */
export const warm = (folder: string) => `find "${folder}" -type f -print0 | xargs -0 -r cat > /dev/null; sync`;
