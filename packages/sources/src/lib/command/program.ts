import { type ChildProcess, spawn } from "node:child_process";
import { LifeboatError } from "@lifeboat/contracts";
import { errnoOf } from "../errors.ts";
import { StderrTail } from "./stderr-tail.ts";

/** What to run. */
export interface ProgramOptions {
  /** The program and its arguments; there is no shell in between. */
  readonly command: readonly string[];
  readonly cwd?: string | undefined;
  /** Added to this process's environment. Its values are kept out of messages. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds that it may run. Default: no limit. */
  readonly timeout?: number | undefined;
  readonly signal: AbortSignal;
  readonly operation: string;
  /** The id of the source that it runs for; `key` of its errors. */
  readonly source: string;
  readonly stdin: "pipe" | "ignore";
  readonly stdout: "pipe" | "ignore";
}

/** A running program. Disposing stops it, if it still runs, and waits until it is gone. */
export interface Program extends AsyncDisposable {
  readonly child: ChildProcess;
  /**
   * Waits for its end, once its output has been read.
   *
   * @throws SOURCE_FAILED unless it exited with 0; TIMEOUT; the signal's reason
   */
  success(): Promise<void>;
  /** The error for what it did wrong, with the end of what it said. */
  failure(what: string): LifeboatError;
}

/** Milliseconds between asking a program to end and ending it. */
const GRACE = 5000;
/** Milliseconds that what is left of a program's pipes is waited for: a daemon that it started may hold them for ever. */
const LINGER = 500;

/** Starts a program, with its own process group, so that all it starts in turn ends with it. */
export function startProgram(options: ProgramOptions): Program {
  const { command, cwd, env = {}, signal, operation, source, timeout } = options;
  signal.throwIfAborted();
  const [program = "", ...args] = command;
  const grouped = process.platform !== "win32";
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    shell: false,
    detached: grouped,
    stdio: [options.stdin, options.stdout, "pipe"],
    windowsHide: true,
  });
  const tail = new StderrTail(Object.values(env));
  child.stderr?.on("data", (piece: Buffer) => tail.add(piece));
  let timedOut = false;
  let running = true;
  const timers: NodeJS.Timeout[] = [];

  function kill(with_: NodeJS.Signals): void {
    if (child.pid === undefined) return;
    try {
      if (grouped) process.kill(-child.pid, with_);
      else child.kill(with_);
    } catch (error) {
      if (errnoOf(error) !== "ESRCH") throw error; // gone by itself
    }
  }
  function stop(): void {
    if (!running) return;
    kill("SIGTERM");
    const isGone = child.exitCode !== null || child.signalCode !== null;
    timers.push(setTimeout(end, isGone ? LINGER : GRACE));
  }
  function end(): void {
    kill("SIGKILL");
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
  const exited = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("exit", () => resolve());
  });
  const ended = new Promise<{ error?: Error; code: number | null; by: string | null }>((resolve) => {
    child.once("error", (error) => resolve({ error, code: null, by: null }));
    child.once("close", (code, by) => resolve({ code, by }));
  }).finally(() => {
    running = false;
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  });
  signal.addEventListener("abort", stop, { once: true });
  if (timeout !== undefined) {
    const expire = () => {
      timedOut = true;
      stop();
    };
    timers.push(setTimeout(expire, timeout));
  }

  function failure(what: string): LifeboatError {
    const said = tail.text();
    const code = timedOut ? "TIMEOUT" : "SOURCE_FAILED";
    return new LifeboatError({
      code,
      operation,
      key: source,
      message: `${program} ${what}${said === "" ? "." : `: ${said}`}`,
    });
  }

  return {
    child,
    failure,
    async success() {
      await exited;
      if (running) timers.push(setTimeout(() => child.stderr?.destroy(), LINGER));
      const { error, code, by } = await ended;
      signal.throwIfAborted();
      if (error !== undefined) throw notStarted(program, error, operation, source);
      if (timedOut) throw failure(`was stopped after ${timeout} ms`);
      if (by !== null) throw failure(`was ended by ${by}`);
      if (code !== 0) throw failure(`exited with ${code}`);
    },
    async [Symbol.asyncDispose]() {
      stop();
      child.stdout?.destroy();
      await ended;
      child.stdin?.destroy();
    },
  };
}

/** The error names no argument: they may hold a password. */
function notStarted(program: string, error: Error, operation: string, source: string): LifeboatError {
  const errno = errnoOf(error) ?? error.name;
  return new LifeboatError({
    code: "SOURCE_FAILED",
    operation,
    key: source,
    message: `${program} could not be started (${errno}).`,
    hint: errno === "ENOENT" ? "Install it, name it with its full path, or check the source's cwd." : undefined,
  });
}
