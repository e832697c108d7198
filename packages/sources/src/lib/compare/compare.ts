import { type EntryInfo, entryPathProblem, type RestoreChange } from "@lifeboat/contracts";
import { createThreads, type Threads } from "@lifeboat/threads";
import { invalid } from "../errors.ts";
import { readWantedOwners } from "../extract/ownership.ts";
import { TableWriter } from "../table.ts";
import { TYPES } from "../walk/protocol.ts";
import code from "./compare.worker.ts?worker-code";
import { ACTIONS, ASK, type CompareOptions, type CompareResult, type CompareTask } from "./protocol.ts";
import { serveCompare } from "./serve.ts";

const BATCH = 256;
/** So few entries in all, and bytes of them to be read, are looked at sooner than a thread is started. */
const INLINE_ENTRIES = 32;
const INLINE_BYTES = 1024 * 1024;

/** How a comparison is run. */
export interface CompareRun extends CompareOptions {
  readonly signal: AbortSignal;
  /** `false` compares on the calling thread. Default: `true`. */
  readonly thread?: boolean | undefined;
  /** Hears of each entry that a directory would have to go for. */
  readonly onDisplaced?: ((path: string) => void) | undefined;
}

/** What restoring each entry would do to the tree that is there, in the entries' order. */
export async function* compareTree(
  entries: AsyncIterable<EntryInfo>,
  run: CompareRun,
): AsyncGenerator<RestoreChange, void, undefined> {
  const { root, keepExisting, signal } = run;
  const wanted = await readWantedOwners();
  const batches = batchesOf(entries, signal);
  const first = await batches.next();
  if (first.done === true) return;
  const inline = run.thread === false || isLittle(first.value);
  await using threads = createThreads<CompareOptions, CompareTask, CompareResult>({
    code,
    inline: serveCompare,
    data: { root, keepExisting },
    size: inline ? 0 : 1,
    name: "lifeboat compare",
  });
  try {
    yield* await changes(threads, first.value, wanted, run);
    for await (const batch of batches) yield* await changes(threads, batch, wanted, run);
  } finally {
    await batches.return(undefined);
    // an abort does not wait for what a thread reads: it is stopped, and that closes all it opened
    if (inline || !signal.aborted) await threads.run({ kind: "close" });
  }
}

/** Whether a first batch is all there is, and hardly any of it will be read here. */
function isLittle(batch: readonly EntryInfo[]): boolean {
  if (batch.length > INLINE_ENTRIES) return false;
  return batch.reduce((sum, { sha256, size }) => sum + (sha256 === undefined ? 0 : size), 0) <= INLINE_BYTES;
}

/** Only the last one has less than {@link BATCH}. */
async function* batchesOf(entries: AsyncIterable<EntryInfo>, signal: AbortSignal): AsyncGenerator<EntryInfo[]> {
  let batch: EntryInfo[] = [];
  for await (const entry of entries) {
    signal.throwIfAborted();
    const problem = entryPathProblem(entry.path);
    if (problem !== null) throw invalid("source.compare", `The entry ${JSON.stringify(entry.path)}: ${problem}.`);
    batch.push(entry);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function changes(
  threads: Threads<CompareTask, CompareResult>,
  batch: readonly EntryInfo[],
  wanted: Awaited<ReturnType<typeof readWantedOwners>>,
  { root, signal, onDisplaced }: CompareRun,
): Promise<RestoreChange[]> {
  if (batch.length === 0) return [];
  const table = new TableWriter();
  for (const entry of batch) {
    const { type, size, mode, mtimeMs, path, target = "", content } = entry;
    const sha256 = entry.sha256 ?? (content === undefined ? "" : ASK);
    const { uid, gid } = wanted(entry);
    table.add([TYPES.indexOf(type), size, mode, mtimeMs, uid, gid], [path, target, sha256]);
  }
  const actions = await threads.run({ kind: "batch", table: table.take() }, { signal });
  const found: RestoreChange[] = [];
  for (const [row, entry] of batch.entries()) {
    const { path, size } = entry;
    let action = ACTIONS[actions[row] ?? 1] ?? "replace";
    if (action === "displace") onDisplaced?.(path);
    if (action === "displace") action = "replace";
    if (action === "ask") action = (await hasContent(entry, `${root}/${path}`, signal)) ? "unchanged" : "replace";
    found.push({ path, action, size: action === "unchanged" ? 0 : size });
  }
  return found;
}

/** Whether the file that is there has the entry's content. */
async function hasContent({ content }: EntryInfo, path: string, signal: AbortSignal): Promise<boolean> {
  return (await content?.matchesFile?.(path, { signal })) ?? false;
}
