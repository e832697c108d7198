import type { EntryInfo, ReadOptions, RestoredEntry } from "@lifeboat/contracts";
import type { PartPlan } from "./restore-part.ts";

/** Reads how far a stream has come. */
export interface RestoreCounts {
  entries: number;
  /** Bytes of content of entries that are not unchanged. */
  bytes: number;
  unchanged: number;
}

/** The entries that a source takes back, in order. What is there already comes along, but its data is not fetched. */
export async function* restoreStream(
  plan: PartPlan,
  counts: RestoreCounts,
  onProgress: () => void,
  signal: AbortSignal,
): AsyncGenerator<RestoredEntry> {
  for await (const entry of plan.unchanged.count === 0 ? readAll(plan, signal) : readChanged(plan, signal)) {
    signal.throwIfAborted();
    yield entry;
    counts.entries += 1;
    if (entry.unchanged === true) counts.unchanged += 1;
    else counts.bytes += entry.size;
    onProgress();
  }
}

async function* readAll({ site, id, part, selection }: PartPlan, signal: AbortSignal): AsyncGenerator<RestoredEntry> {
  if (selection === null) {
    yield* site.repository.read(id, part.source, { signal });
    return;
  }
  const pass = selection.pass();
  const select: ReadOptions["select"] = (entry) => selection.needs(entry);
  for await (const entry of site.repository.read(id, part.source, { signal, select })) {
    for (const info of pass(entry)) yield withContent(info, entry);
  }
}

/** Walks the entries, and reads beside it only those whose data is needed. */
async function* readChanged(plan: PartPlan, signal: AbortSignal): AsyncGenerator<RestoredEntry> {
  const { site, id, part } = plan;
  const { repository } = site;
  const walking = numbered(plan);
  const choosing = numbered(plan);
  const select = (entry: EntryInfo) => choosing(entry).some(({ unchanged }) => !unchanged);
  const reading = repository.read(id, part.source, { signal, select })[Symbol.asyncIterator]();
  try {
    for await (const entry of repository.entries(id, part.source, { signal })) {
      const infos = walking(entry);
      if (infos.every(({ unchanged }) => unchanged)) {
        for (const { info } of infos) yield unread(plan, info, entry, signal);
        continue;
      }
      const read = await reading.next();
      if (read.done === true || read.value.path !== entry.path) throw new Error("Two passes over one part differ.");
      for (const { info, unchanged } of infos) {
        const restored = withContent(info, read.value);
        yield unchanged ? { ...restored, unchanged } : restored;
      }
    }
  } finally {
    await reading.return?.();
  }
}

/** What an entry is restored as, and whether that is there already, by counting along. */
function numbered({ selection, unchanged }: PartPlan) {
  const pass = selection?.pass() ?? ((entry: EntryInfo) => [entry]);
  let next = 0;
  return (entry: EntryInfo) => pass(entry).map((info) => ({ info, unchanged: unchanged.has(next++) }));
}

/** An entry under what may be another path, with the content of the one that was read. */
function withContent(info: EntryInfo, read: RestoredEntry): RestoredEntry {
  if (info === read) return read;
  const { path, type } = info;
  const restored = { ...read, ...info, path, type };
  return { ...restored, open: (options) => read.open(options) };
}

/** An entry that is there already; its content is fetched only where somebody opens it after all. */
function unread({ site, id, part }: PartPlan, info: EntryInfo, entry: EntryInfo, signal: AbortSignal): RestoredEntry {
  return {
    ...info,
    unchanged: true,
    async *open(options) {
      const select = ({ path }: EntryInfo) => path === entry.path;
      for await (const read of site.repository.read(id, part.source, { signal, select })) yield* read.open(options);
    },
  };
}
