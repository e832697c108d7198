import type { RestoredEntry, Source, SourceEntry } from "@lifeboat/contracts";
import type { Dice } from "./random.ts";

/** Files by path. */
export type Files = ReadonlyMap<string, SimulatedFile>;

/** A file of a simulated host. */
export interface SimulatedFile {
  readonly content: Uint8Array;
  readonly mtimeMs: number;
}

/** Contents that all hosts of a seed have in common, so that they have something to share. */
export function contentPool(random: Dice, count = 8): readonly Uint8Array[] {
  return Array.from({ length: count }, () => {
    const bytes = new Uint8Array(random.chance(0.2) ? random.span(300, 3000) : random.below(200));
    const tame = random.chance(0.5) ? 0x03_03_03_03 : 0xff_ff_ff_ff;
    const view = new DataView(bytes.buffer);
    for (let at = 0; at + 4 <= bytes.length; at += 4) view.setUint32(at, random.below(0x1_0000_0000) & tame);
    return bytes;
  });
}

/** A host's files, which change from one backup to the next. */
export interface ChangingTree {
  readonly files: Files;
  change(random: Dice, now: number): void;
}

/** A tree that is empty at first. */
export function changingTree(pool: readonly Uint8Array[]): ChangingTree {
  const files = new Map<string, SimulatedFile>();
  let stamp = 0;
  return {
    get files() {
      return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
    },
    change(random, now) {
      const changes = files.size === 0 ? 2 + random.below(5) : random.below(4);
      for (let n = 0; n < changes; n++) {
        const path = `f${random.below(9)}`;
        if (files.size > 1 && random.chance(0.25)) files.delete(path);
        else files.set(path, { content: random.pick(pool) ?? new Uint8Array(), mtimeMs: now + ++stamp });
      }
    },
  };
}

/** What a run's backup must hold. */
export interface RunRecord {
  readonly run: number;
  readonly host: string;
  readonly files: Files;
}

/** A host's source: it gives what the current run is to back up, and keeps what is restored. */
export interface SimulatedSource extends Source {
  current: RunRecord;
  restored: Map<string, Uint8Array>;
}

/** Makes a source over records of runs. */
export function simulatedSource(id: string, first: RunRecord): SimulatedSource {
  const source: SimulatedSource = {
    id,
    current: first,
    restored: new Map(),
    mayBeEmpty: true,
    async describe() {
      return { run: source.current.run };
    },
    async *entries() {
      for (const [path, file] of source.current.files) yield entryOf(path, file);
    },
    async restore(_context, entries) {
      const restored = new Map<string, Uint8Array>();
      for await (const entry of entries) restored.set(entry.path, await contentOf(entry));
      source.restored = restored;
    },
  };
  return source;
}

function entryOf(path: string, { content, mtimeMs }: SimulatedFile): SourceEntry {
  return {
    path,
    type: "file",
    size: content.length,
    mode: 0o644,
    mtimeMs,
    async *open() {
      if (content.length > 0) yield content;
    },
  };
}

async function contentOf(entry: RestoredEntry): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of entry.open()) pieces.push(new Uint8Array(piece));
  return Buffer.concat(pieces);
}

/** How what was restored differs from what a run had; `null` where it does not. */
export function difference(restored: ReadonlyMap<string, Uint8Array>, files: Files): string | null {
  for (const [path, { content }] of files) {
    const found = restored.get(path);
    if (found === undefined) return `${path} is missing`;
    if (Buffer.compare(found, content) !== 0) return `${path} has another content`;
  }
  for (const path of restored.keys()) if (!files.has(path)) return `${path} was not in it`;
  return null;
}
