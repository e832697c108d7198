import { type ChildProcess, fork } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";

const PROGRAM = new URL("../support/sharer.mjs", import.meta.url).pathname;

/** What a host is told to do. */
export type Order =
  | { readonly work: "backup" }
  | {
      readonly work: "prune";
      /** Which backups to delete before, each as a share from 0 to 1 of the list. */
      readonly picks: readonly number[];
      /** So many stay. */
      readonly keep: number;
      readonly maxUnused: number;
      readonly waitMs: number;
      /** How many times as fast time goes by for it. */
      readonly haste: number;
    };

/** What befalls a host while it works, so long after it was told. */
export interface Fate {
  readonly kind: "nothing" | "killed" | "stopped";
  readonly afterMs: number;
  /** For how long it is stopped. */
  readonly forMs: number;
}

/** How an order ended: as the host says, or not at all. */
export interface Outcome {
  readonly end: "done" | "failed" | "killed";
  /** The backup that was made. */
  readonly id?: string;
  readonly report?: { readonly deletedPacks: number; readonly pending?: string };
  readonly code?: string;
  readonly message?: string;
  /** Backups whose deletion began, and those that are deleted. */
  readonly deleting: readonly string[];
  readonly deleted: readonly string[];
}

interface Told extends Omit<Outcome, "end" | "deleting" | "deleted"> {
  readonly done?: boolean;
  readonly deleting?: string;
  readonly deleted?: string;
}

/** A program that shares a site, begun anew after it was killed. */
export interface Host extends AsyncDisposable {
  /** Lets it do something, and something befall it meanwhile. */
  order(order: Order, fate: Fate): Promise<Outcome>;
}

/** Starts a host when it is first told to do something. */
export function startHost(name: string, tree: string, site: Readonly<Record<string, unknown>>): Host {
  let running: Promise<ChildProcess> | undefined;

  function start(): Promise<ChildProcess> {
    const env = { ...process.env, NODE_OPTIONS: "--no-warnings", SITE: JSON.stringify(site) };
    const child = fork(PROGRAM, [name, tree], { execArgv: [], env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
    return new Promise((resolve, reject) => {
      child.once("message", () => resolve(child));
      child.once("exit", () => reject(new Error(`The host ${name} ended before it began.`)));
    });
  }

  return {
    async order(order, fate) {
      running ??= start();
      const child = await running;
      const outcome = follow(child, order);
      const befalls = befall(child, fate, outcome);
      const { end, ...rest } = await outcome;
      await befalls;
      if (end === "killed" || child.exitCode !== null || child.signalCode !== null) running = undefined;
      return { end, ...rest };
    },
    async [Symbol.asyncDispose]() {
      const child = await running?.catch(() => undefined); // it is not there: nothing to end
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function follow(child: ChildProcess, order: Order): Promise<Outcome> {
  const deleting: string[] = [];
  const deleted: string[] = [];
  return new Promise((resolve) => {
    function end(outcome: Omit<Outcome, "deleting" | "deleted">): void {
      child.off("message", hear);
      child.off("close", die);
      resolve({ ...outcome, deleting, deleted });
    }
    function hear(message: unknown): void {
      const { done, ...told } = message as Told;
      if (told.deleting !== undefined) deleting.push(told.deleting);
      else if (told.deleted !== undefined) deleted.push(told.deleted);
      else if (done !== undefined) end({ ...(told as object), end: done ? "done" : "failed" });
    }
    const die = () => end({ end: "killed" });
    child.on("message", hear);
    child.on("close", die); // after the last message
    child.send(order);
  });
}

async function befall(child: ChildProcess, { kind, afterMs, forMs }: Fate, outcome: Promise<Outcome>): Promise<void> {
  if (kind === "nothing") return;
  const ended = await Promise.race([pause(afterMs, false), outcome.then(() => true)]); // the moment is what is being tried
  if (ended) return;
  if (kind === "killed") child.kill("SIGKILL");
  else {
    child.kill("SIGSTOP");
    await pause(forMs);
    child.kill("SIGCONT");
  }
}
