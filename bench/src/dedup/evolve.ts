import { open, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CorpusName } from "../corpora/index.ts";
import { type Random, random } from "../corpora/random.ts";

/** A renaming on the way to the second version, with absolute paths. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

interface Evolved {
  readonly moves: readonly Move[];
  /** A file in the middle that both versions have, where there is more than one. */
  readonly one: string | null;
}

const PAGE = 8192;

/** Makes what the second version of a corpus has and the first has not, below `store/new`. */
export async function evolve(name: CorpusName, folder: string, store: string): Promise<Evolved> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const rng = random(`${name} changes`);
  const moves = new Moves(store);
  if (name === "source") await evolveSource(files, rng, moves);
  else if (name === "media") await evolveMedia(files, rng, moves);
  else await evolveDb(files, rng, moves);
  const touched = new Set(moves.list.map(({ from }) => from));
  const kept = files.filter((path) => !touched.has(path));
  const one = files.length > 1 ? (kept[kept.length >> 1] ?? null) : null;
  return { moves: moves.list, one: one === null ? null : one.slice(folder.length + 1) };
}

class Moves {
  readonly list: Move[] = [];
  readonly #store: string;
  #count = 0;

  constructor(store: string) {
    this.#store = store;
  }

  remove(path: string): void {
    this.list.push({ from: path, to: join(this.#store, "old", String(this.#count++)) });
  }

  rename(path: string, to: string): void {
    this.list.push({ from: path, to });
  }

  /** Where the content of a new file is to be put beforehand. */
  add(path: string): string {
    const from = join(this.#store, "new", String(this.#count++));
    this.list.push({ from, to: path });
    return from;
  }
}

/** 1 %: seven tenths of it edited, a tenth each renamed, deleted and new. */
async function evolveSource(files: readonly string[], rng: Random, moves: Moves): Promise<void> {
  const left = [...files];
  const take = () => left.splice(rng.integer(0, left.length), 1)[0] ?? "";
  const tenth = Math.ceil(files.length / 1000);
  for (let n = 0; n < tenth * 7 && left.length > 0; n++) {
    const path = take();
    const content = await readFile(path);
    const at = rng.integer(0, content.length + 1);
    const edited = Buffer.concat([content.subarray(0, at), Buffer.from(`\n// edit ${n}\n`), content.subarray(at + 40)]);
    moves.remove(path);
    await writeFile(moves.add(path), edited);
  }
  for (let n = 0; n < tenth && left.length > 3; n++) {
    const path = take();
    moves.rename(path, `${path}.moved`);
    moves.remove(take());
    const model = take();
    await writeFile(moves.add(`${model}.new`), Buffer.concat([Buffer.from(`// new ${n}\n`), await readFile(model)]));
  }
}

/** A day of recordings goes, and another comes: 5 %. */
async function evolveMedia(files: readonly string[], rng: Random, moves: Moves): Promise<void> {
  const count = Math.max(1, Math.round(files.length / 20));
  for (const path of files.slice(0, count)) {
    if (files.length > count) moves.remove(path);
    const size = (await readFile(path)).length;
    await writeFile(moves.add(`${path}.next`), rng.bytes(size));
  }
}

/** 0.5 % of the pages get other bytes at a place or two, all over the file, and at some places bytes are inserted. */
async function evolveDb(files: readonly string[], rng: Random, moves: Moves): Promise<void> {
  const [path = ""] = files;
  moves.remove(path);
  const target = moves.add(path);
  await using from = await open(path);
  await using to = await open(target, "wx");
  const { size } = await from.stat();
  const pages = Math.ceil(size / PAGE);
  const insertions = new Set(Array.from({ length: 8 }, () => rng.integer(0, pages)));
  const buffer = Buffer.alloc(128 * PAGE);
  for (let first = 0; first < pages; first += 128) {
    const { bytesRead } = await from.read(buffer, 0, buffer.length, first * PAGE);
    const pieces: Buffer[] = [];
    for (let n = 0; n * PAGE < bytesRead; n++) {
      const page = buffer.subarray(n * PAGE, Math.min(bytesRead, (n + 1) * PAGE));
      if (rng.number() < 0.005) rng.bytes(100).copy(page, rng.integer(16, PAGE - 200));
      pieces.push(page);
      if (insertions.has(first + n)) pieces.push(rng.bytes(rng.integer(10, 500)));
    }
    await to.write(Buffer.concat(pieces));
  }
}
