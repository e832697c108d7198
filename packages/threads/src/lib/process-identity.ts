import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { threadId } from "node:worker_threads";

/** Which process something belongs to, so that another one can tell whether it is gone. */
export interface ProcessIdentity {
  /** For people. */
  readonly host: string;
  readonly pid: number;
  /** Which of the process's threads; a process knows of the leases of one of its threads only there. */
  readonly thread: number;
  /** The kernel's id of this start of the machine; `null` where it has none to show. */
  readonly boot: string | null;
  /** The namespace that the pid is a number in. */
  readonly pidNamespace: string | null;
  /** When the process began, in the kernel's ticks: a pid may be used again. */
  readonly startTime: string | null;
}

let own: ProcessIdentity | undefined;

/** This process. */
export function processIdentity(): ProcessIdentity {
  own ??= {
    host: hostname(),
    pid: process.pid,
    thread: threadId,
    boot: attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    pidNamespace: attempt(() => readlinkSync("/proc/self/ns/pid")),
    startTime: startTimeOf(process.pid),
  };
  return own;
}

/**
 * Whether a process is proven gone: it ran under the same start of this machine
 * and in the same pid namespace, and its pid is free or another process's now.
 * `false` where that can't be told from here.
 */
export function processIsGone(other: ProcessIdentity, here: ProcessIdentity = processIdentity()): boolean {
  if (other.boot === null || other.pidNamespace === null) return false;
  if (other.boot !== here.boot || other.pidNamespace !== here.pidNamespace) return false;
  if (!pidExists(other.pid)) return true;
  const startTime = startTimeOf(other.pid);
  return startTime !== null && other.startTime !== null && startTime !== other.startTime;
}

function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** Field 22 of `/proc/<pid>/stat`; a process that has ended and waits to be reaped has none. */
function startTimeOf(pid: number): string | null {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name before may hold anything
  return fields[0] === "Z" || fields[0] === "X" ? "ended" : (fields[19] ?? null);
}

/** `null` where this machine has no such file, or does not show it. */
function attempt(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null; // not Linux, or hidden: the caller then relies on time alone
  }
}

/** Whether a lease of this process and thread was meant: those, the process keeps count of itself. */
export function isSameThread(a: ProcessIdentity, b: ProcessIdentity): boolean {
  const same = a.host === b.host && a.pid === b.pid && a.thread === b.thread;
  return same && a.boot === b.boot && a.pidNamespace === b.pidNamespace && a.startTime === b.startTime;
}
