import type {
  BackupStart,
  Manifest,
  PartOptions,
  PartStart,
  Repository,
  RestoredEntry,
  SiteContext,
  SourceEntry,
  Storage,
  VerifyProblem,
} from "@lifeboat/contracts";
import { expect, onTestFinished, test } from "vitest";
import { read } from "../helpers.ts";
import { keysOf } from "../storage/harness.ts";
import type { FormatSuiteOptions } from "./options.ts";

/** A site for one test, and what is done with it again and again. */
export interface FormatSite {
  readonly storage: Storage;
  readonly sealed: boolean;
  readonly repository: Repository;
  /** The same site through another storage, with another secret. */
  readonly open: (change: Partial<SiteContext>) => Repository;
  /** Makes a whole backup of one source. */
  readonly backUp: (entries: readonly SourceEntry[], options?: BackUpOptions) => Promise<Manifest>;
  /** Every key but those of what backups share. */
  readonly ownKeys: () => Promise<readonly string[]>;
  /** Clears away what backups share. */
  readonly forgetShared: () => Promise<void>;
}

/** What {@link FormatSite.backUp} can be told. */
export interface BackUpOptions extends PartOptions {
  readonly id?: string;
  readonly repository?: Repository;
  /** Default: one source, `data`. */
  readonly sources?: readonly string[];
}

/** What a theme of the suite is written with. */
export interface FormatHarness {
  readonly options: FormatSuiteOptions;
  readonly test: (name: string, body: (site: FormatSite) => Promise<void>) => void;
}

/** Ids of backups, valid for every format. */
export const IDS = ["2026-11-20T02-00-00.123Z-manual-7f3a", "2026-11-21T02-00-00.456Z-scheduled-01ab"] as const;

const STARTED = new Date("2026-11-20T02:00:00.123Z");
const APP = { name: "testkit", version: "1.2.3" };

export function formatHarness(options: FormatSuiteOptions, secret: SiteContext["secret"]): FormatHarness {
  return {
    options,
    test: (name, body) =>
      test(name, { timeout: options.timeout ?? 60_000 }, async () => {
        const storage = options.createStorage();
        const opened: Repository[] = [];
        onTestFinished(async () => {
          for (const repository of opened) await repository[Symbol.asyncDispose]();
          await storage[Symbol.asyncDispose]();
        });
        const { format, threads = 0 } = options;
        const context = { name: "test", siteId: "site-1", storage, secret, threads, settings: format.settings?.() };
        const open = (change: Partial<SiteContext>) => {
          const repository = options.format.open({ ...context, ...change });
          opened.push(repository);
          return repository;
        };
        const repository = open({});
        const backUp: FormatSite["backUp"] = (entries, how = {}) =>
          makeBackup(how.repository ?? repository, options.format.name, entries, how);
        const isShared = (key: string) => options.shared?.some((prefix) => key.startsWith(prefix)) === true;
        const ownKeys = async () => (await keysOf(storage)).filter((key) => !isShared(key));
        const forgetShared = async () => storage.delete((await keysOf(storage)).filter(isShared));
        await body({ storage, sealed: secret !== null, repository, open, backUp, ownKeys, forgetShared });
      }),
  };
}

export function backupStart(id: string, sources: readonly string[]): BackupStart {
  const trigger = id.includes("manual") ? "manual" : "scheduled";
  return {
    id,
    trigger,
    started: STARTED,
    app: APP,
    run: { instance: "test host", plan: "nightly", due: STARTED },
    sources,
  };
}

export function partStart(source: string): PartStart {
  return { source, title: `The ${source}`, version: "7", description: { camera: "north", numbers: [1, 2.5, null] } };
}

async function makeBackup(
  repository: Repository,
  format: Manifest["format"],
  entries: readonly SourceEntry[],
  { id = IDS[0], sources = ["data"], ...options }: BackUpOptions,
): Promise<Manifest> {
  const start = backupStart(id, sources);
  const writer = await repository.begin(start, options);
  try {
    const parts = [];
    for (const source of sources) parts.push(await writer.part(partStart(source), each(entries), options));
    const { trigger, started, app, run } = start;
    const finished = new Date(STARTED.getTime() + 1000);
    const facts = {
      id,
      siteId: "site-1",
      format,
      trigger,
      started,
      finished,
      app,
      ...(run === undefined ? {} : { run }),
    };
    const manifest: Manifest = { ...facts, parts, problems: [] };
    await writer.commit(manifest, options);
    return manifest;
  } catch (error) {
    await writer.abort().catch(() => undefined); // the faults of a test may strike here too; the first one is told
    throw error;
  }
}

export async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** What verifying says. */
export async function problemsOf(
  repository: Repository,
  level: "presence" | "checksum" | "content",
  id: string = IDS[0],
): Promise<readonly VerifyProblem[]> {
  const problems: VerifyProblem[] = [];
  await repository.verify(id, level, { onProblem: (problem) => problems.push(problem) });
  return problems;
}

/** A part's entries with the bytes of their content. */
export async function readAll(
  repository: Repository,
  id: string = IDS[0],
  source = "data",
): Promise<readonly { entry: RestoredEntry; bytes: Buffer; copied?: Buffer }[]> {
  const found: { entry: RestoredEntry; bytes: Buffer; copied?: Buffer }[] = [];
  for await (const entry of repository.read(id, source)) {
    const copied = entry.copyTo === undefined ? {} : { copied: Buffer.alloc(entry.size) };
    if (copied.copied !== undefined) expect(entry.copyTo?.(copied.copied)).toBe(entry.size);
    found.push({ entry, bytes: entry.type === "file" ? await read(entry.open()) : Buffer.alloc(0), ...copied });
  }
  return found;
}
