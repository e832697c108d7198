import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

const PROGRAM = new URL("../support/planner.mjs", import.meta.url).pathname;

/** What a process tells of itself. */
export interface Told {
  /** The source that it begins to read. */
  readonly reading?: string;
  /** The plan whose job has ended. */
  readonly ended?: string;
  readonly status?: "succeeded" | "failed" | "cancelled";
  readonly backup?: string;
  readonly code?: string;
}

/** A process that shares its plans with others, begun anew whenever it was killed. */
export interface PlanProcess extends AsyncDisposable {
  readonly name: string;
  kill(): void;
  stop(): void;
  wake(): void;
  /** Asks it to stop its plans, and answers the code with which it ends by itself. */
  end(): Promise<number | null>;
}

export interface PlanProcessOptions {
  readonly site: Readonly<Record<string, unknown>>;
  readonly plans: Readonly<Record<string, unknown>>;
  readonly hear: (told: Told, by: PlanProcess) => void;
}

/** Starts one. */
export function startPlanProcess(name: string, { site, plans, hear }: PlanProcessOptions): PlanProcess {
  let child = begin();
  let over = false;

  function begin(): ChildProcess {
    const env = {
      ...process.env,
      NODE_OPTIONS: "--no-warnings",
      SITE: JSON.stringify(site),
      PLANS: JSON.stringify(plans),
    };
    const started = fork(PROGRAM, [], { execArgv: [], env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
    started.on("message", (told) => hear(told as Told, self));
    started.on("exit", (_code, signal) => {
      if (signal === "SIGKILL" && !over) child = begin();
    });
    return started;
  }

  const self: PlanProcess = {
    name,
    kill: () => void child.kill("SIGKILL"),
    stop: () => void child.kill("SIGSTOP"),
    wake: () => void child.kill("SIGCONT"),
    async end() {
      over = true;
      const ended = once(child, "exit");
      child.send({ stop: true });
      const [code] = await ended;
      return code;
    },
    async [Symbol.asyncDispose]() {
      over = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
  return self;
}
