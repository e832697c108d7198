import { createHash } from "node:crypto";
import {
  type BackupContext,
  LifeboatError,
  type ProblemReport,
  type RestoreCheckContext,
  type RestoreContext,
  type RestoredEntry,
  type Source,
  type SourceEntry,
} from "@lifeboat/contracts";
import { onTestFinished, test } from "vitest";
import { read } from "../helpers.ts";
import type { SourceSuiteOptions, SourceUnderTest } from "./options.ts";

/** An entry as a backup keeps it. */
export interface RecordedEntry {
  readonly entry: SourceEntry;
  readonly bytes: Buffer;
}

/** What a theme of the suite is written with: defines a test that gets a source over filled data. */
export type SourceTest = (name: string, body: (under: SourceUnderTest) => Promise<void>) => void;

const APP = { name: "testkit", version: "1.2.3" };

export function sourceTest(options: SourceSuiteOptions): SourceTest {
  return (name, body) =>
    test(name, { timeout: options.timeout ?? 30_000 }, async () => {
      const under = await options.create();
      onTestFinished(async () => await under.cleanup?.());
      await under.fill();
      await body(under);
    });
}

/** A context for a backup, which collects what is reported. */
export function backupContext(signal: AbortSignal = new AbortController().signal) {
  const problems: ProblemReport[] = [];
  const context: BackupContext = { app: APP, signal, report: (problem) => problems.push(problem) };
  return { context, problems };
}

/** A context for a restore of everything, which collects what is reported. */
export function restoreContext(change: Partial<RestoreContext> = {}) {
  const problems: ProblemReport[] = [];
  const { signal } = new AbortController();
  const report = (problem: ProblemReport) => void problems.push(problem);
  const context: RestoreContext = { app: APP, signal, report, mode: "replace", partial: false, ...change };
  return { context, problems };
}

/** A context for looking at what a restore would do. */
export function checkContext(recorded: readonly RecordedEntry[]): RestoreCheckContext {
  const size = recorded.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const { signal } = new AbortController();
  return { app: APP, signal, mode: "replace", partial: false, description: {}, size, entries: recorded.length };
}

/** Reads all that a source yields, as a format does: each body before the next entry is pulled. */
export async function record(source: Source, context = backupContext().context): Promise<readonly RecordedEntry[]> {
  const recorded: RecordedEntry[] = [];
  for await (const entry of source.entries(context)) {
    recorded.push({ entry, bytes: entry.open === undefined ? Buffer.alloc(0) : await read(entry.open()) });
  }
  return recorded;
}

/** How {@link replay} deviates from a good backup. */
export interface ReplayOptions {
  /** The content of this entry breaks off in its middle. */
  readonly broken?: string | undefined;
  /** Called before each entry. */
  readonly before?: ((path: string) => void) | undefined;
}

/** What the content of a broken entry ends with. */
export const BROKEN = new LifeboatError({
  code: "CORRUPT",
  operation: "backup.read",
  message: "This entry's content was altered.",
});

/** Hands recorded entries back, as a format does: a body can be opened only until the next entry is pulled. */
export async function* replay(
  recorded: readonly RecordedEntry[],
  { broken, before }: ReplayOptions = {},
): AsyncGenerator<RestoredEntry> {
  for (const [index, { entry, bytes }] of recorded.entries()) {
    before?.(entry.path);
    let current = true;
    const facts = { ...entry };
    Reflect.deleteProperty(facts, "local"); // a backup does not know where its files once lay
    const wrong = entry.path === broken;
    yield {
      ...facts,
      size: bytes.length,
      ...(entry.type === "file" ? { sha256: createHash("sha256").update(bytes).digest("hex") } : {}),
      ...(index % 2 === 0 && entry.type === "file" && !wrong ? { bytes: Uint8Array.from(bytes) } : {}),
      async *open() {
        if (!current) throw new Error(`The content of ${entry.path} was opened after the next entry was pulled.`);
        for (let at = 0; at < bytes.length; at += 10_000) {
          if (wrong && at + 10_000 >= bytes.length / 2) break;
          yield Uint8Array.from(bytes.subarray(at, at + 10_000));
        }
        if (wrong) throw BROKEN;
      },
    };
    current = false;
  }
}
