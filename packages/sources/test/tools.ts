import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  BackupContext,
  EntryInfo,
  ProblemReport,
  RestoreContext,
  RestoredEntry,
  Source,
  SourceEntry,
} from "@lifeboat/contracts";
import { onTestFinished } from "vitest";

export const app = { name: "test", version: "1.0.0" };

/** In memory where there is such a place: thousands of files are made and removed. */
const BASE = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    execFileSync("rm", ["-rf", path]); // it removes what no path reaches, too
  }
}

/** A directory that goes when the test is over. */
export function temporary(): string {
  const path = mkdtempSync(join(BASE, "lifeboat-sources-"));
  chmodSync(path, 0o755);
  onTestFinished(() => remove(path));
  return path;
}

export function backupContext(more: Partial<BackupContext> = {}): BackupContext & { problems: ProblemReport[] } {
  const problems: ProblemReport[] = [];
  const report = (problem: ProblemReport) => void problems.push(problem);
  return { app, signal: new AbortController().signal, report, problems, ...more };
}

export function restoreContext(more: Partial<RestoreContext> = {}): RestoreContext & { problems: ProblemReport[] } {
  const problems: ProblemReport[] = [];
  const report = (problem: ProblemReport) => void problems.push(problem);
  const signal = new AbortController().signal;
  return { app, signal, report, problems, mode: "replace", partial: false, ...more };
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

export async function content(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await all(body));
}

/** An entry as a format would hand it back. */
export function restored(info: Partial<EntryInfo> & { path: string }, bytes?: Uint8Array | string): RestoredEntry {
  const body = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  const size = body?.length ?? 0;
  const copyTo = (target: Uint8Array) => {
    if (body !== undefined) target.set(body.subarray(0, target.length));
    return size;
  };
  return {
    type: body === undefined ? "directory" : "file",
    size,
    mode: body === undefined ? 0o755 : 0o644,
    mtimeMs: 1_700_000_000_000,
    ...info,
    ...(body === undefined ? {} : { copyTo }),
    async *open() {
      if (body !== undefined) yield body;
    },
  };
}

function infoOf(entry: SourceEntry, size: number): EntryInfo {
  const info = Object.entries(entry).filter(([name]) => name !== "open" && name !== "local");
  return { ...(Object.fromEntries(info) as Omit<EntryInfo, "size">), size };
}

/** A whole backup in memory, streamed where `streamed` says so. */
export async function* backedUp(entries: readonly SourceEntry[], streamed = false): AsyncGenerator<RestoredEntry> {
  for (const source of entries) {
    const bytes = source.open === undefined ? undefined : await content(source.open());
    const { copyTo, ...rest } = restored(infoOf(source, bytes?.length ?? 0), bytes);
    yield streamed || copyTo === undefined ? rest : { ...rest, copyTo };
  }
}

export async function* list(...entries: RestoredEntry[]): AsyncGenerator<RestoredEntry> {
  yield* entries;
}

export async function roundTrip(source: Source, to: string, streamed = false): Promise<ProblemReport[]> {
  const entries = await all(source.entries(backupContext()));
  const context = restoreContext({ to });
  await source.restore(context, backedUp(entries, streamed));
  return context.problems;
}

/** Runs something as a user without rights, where the tests run as root. */
export async function unprivileged<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.setegid?.(65534);
  process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
