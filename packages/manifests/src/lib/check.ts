import {
  type AbortOptions,
  type CheckOptions,
  isLifeboatError,
  type Manifest,
  type PartInfo,
  type Storage,
  type StoredObject,
  type VerifyProblem,
  type WorkDone,
} from "@lifeboat/contracts";
import { createHasher, type Hasher } from "./hasher.ts";
import { backupKey } from "./keys.ts";

/** The levels at which a backup's objects are checked without opening them. */
export type ObjectCheckLevel = "presence" | "checksum";

/** Where the objects are and what may be used to check them. */
export interface CheckTools {
  readonly storage: Storage;
  readonly threads: number;
}

interface Item {
  readonly part: PartInfo;
  readonly object: StoredObject;
}

/** So many objects are asked for at once. */
const PRESENCE_LANES = 8;
const CHECKSUM_LANES = 4;
/** Below so many bytes starting a thread costs more than it brings. */
const WORTH_A_THREAD = 16 << 20;

/**
 * Checks that each object of a backup is there with its size, and at `checksum`
 * that its bytes have the SHA-256 of the manifest. Damage is told through
 * `onProblem`; it rejects only where the storage could not be asked.
 */
export async function checkObjects(
  tools: CheckTools,
  id: string,
  manifest: Manifest,
  level: ObjectCheckLevel,
  options: CheckOptions,
): Promise<WorkDone> {
  const { sources } = options;
  const parts = manifest.parts.filter((part) => sources === undefined || sources.includes(part.source));
  const items = parts.flatMap((part) => part.objects.map((object) => ({ part, object })));
  const progress = tally((done) => options.onProgress?.(done));
  const bytes = items.reduce((sum, { object }) => sum + object.size, 0);
  const threaded = tools.threads > 0 && bytes >= WORTH_A_THREAD;
  const width = level === "presence" ? PRESENCE_LANES : Math.max(1, Math.min(tools.threads, CHECKSUM_LANES));
  const failure = new AbortController();
  const signal = options.signal === undefined ? failure.signal : AbortSignal.any([options.signal, failure.signal]);
  const queue = items.values();

  async function lane(): Promise<void> {
    await using hasher = level === "checksum" ? createHasher(threaded) : null;
    for (const item of queue) {
      signal.throwIfAborted();
      const found = await inspect(tools.storage, id, item, hasher, progress, { signal });
      if (found === null) progress.whole(item);
      else options.onProblem({ ...found, source: item.part.source, object: item.object.name });
    }
  }

  options.signal?.throwIfAborted();
  const lanes = Array.from({ length: Math.min(width, items.length) }, lane);
  for (const running of lanes) running.catch((error: unknown) => failure.abort(error));
  const outcomes = await Promise.allSettled(lanes);
  if (failure.signal.aborted) throw failure.signal.reason;
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return progress.done();
}

/** What is wrong with one object, or `null`. */
async function inspect(
  storage: Storage,
  id: string,
  { object }: Item,
  hasher: Hasher | null,
  progress: Tally,
  options: AbortOptions,
): Promise<VerifyProblem | null> {
  const key = backupKey(id, object.name);
  try {
    const info = await storage.stat(key, options);
    if (info === null) return { code: "NOT_FOUND", message: `${key} is missing.` };
    if (info.size !== object.size) return wrongSize(key, object.size, info.size);
    if (hasher === null) return null;
    const found = await hasher.digest(storage.get(key, options), {
      ...options,
      onBytes: (count) => progress.read(count),
    });
    if (found.size !== object.size) return wrongSize(key, object.size, found.size);
    if (found.sha256 === object.sha256) return null;
    return { code: "CORRUPT", message: `${key} has changed: its SHA-256 is ${found.sha256}, not ${object.sha256}.` };
  } catch (error) {
    if (isLifeboatError(error, "NOT_FOUND") || isLifeboatError(error, "CORRUPT")) {
      return { code: error.code === "NOT_FOUND" ? "NOT_FOUND" : "CORRUPT", message: error.message };
    }
    throw error;
  }
}

function wrongSize(key: string, expected: number, found: number): VerifyProblem {
  return { code: "CORRUPT", message: `${key} has ${found} bytes, not ${expected}.` };
}

interface Tally {
  read(bytes: number): void;
  whole(item: Item): void;
  done(): WorkDone;
}

/** Counts what is checked. A part's entries and content count once all of its objects are whole. */
function tally(onProgress: (done: WorkDone) => void): Tally {
  const missing = new Map<PartInfo, number>();
  let entries = 0;
  let bytes = 0;
  let storedBytes = 0;
  const done = () => ({ entries, bytes, storedBytes });
  return {
    read(count) {
      storedBytes += count;
      onProgress(done());
    },
    whole({ part }) {
      const left = (missing.get(part) ?? part.objects.length) - 1;
      missing.set(part, left);
      if (left > 0) return;
      entries += part.counts.files + part.counts.directories + part.counts.links;
      bytes += part.size;
      onProgress(done());
    },
    done,
  };
}
