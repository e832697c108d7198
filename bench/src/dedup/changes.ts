import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CorpusName, corpus } from "../corpora/index.ts";
import { evolve, type Move } from "./evolve.ts";

/**
 * A corpus and a second version of it. Going over to the other version and back only renames what differs, so that
 * everything else keeps its inode and its times, as it does for a user who works on.
 */
export interface Versions {
  readonly folder: string;
  /** The relative path of a file in the middle, there in both versions; `null` where there is only one file. */
  readonly one: string | null;
  show(version: 1 | 2): Promise<void>;
}

/** Bumped when the generators change. */
const GENERATION = 1;

/** The two versions of a corpus, made where they are not there yet; the first is shown. */
export async function openVersions(name: CorpusName, dir: string, scale: number): Promise<Versions> {
  const folder = await corpus(name, dir, scale);
  const store = `${folder}.changes-g${GENERATION}`;
  const plan = join(store, "moves.json");
  const second = join(store, "second");
  if (!existsSync(plan)) {
    await rm(store, { recursive: true, force: true });
    await mkdir(join(store, "old"), { recursive: true });
    await mkdir(join(store, "new"));
    await writeFile(plan, JSON.stringify(await evolve(name, folder, store)));
  }
  const { moves, one } = JSON.parse(await readFile(plan, "utf8")) as { moves: Move[]; one: string | null };

  async function show(version: 1 | 2): Promise<void> {
    if (existsSync(second) === (version === 2)) return;
    if (version === 2) {
      await writeFile(second, ""); // before: what was broken off half-way is undone by the next run
      for (const { from, to } of moves) await rename(from, to);
      return;
    }
    for (const { from, to } of moves.toReversed()) if (existsSync(to) && !existsSync(from)) await rename(to, from);
    await rm(second);
  }

  await show(1);
  return { folder, one, show };
}
