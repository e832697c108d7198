import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDb } from "./db.ts";
import { makeMedia } from "./media.ts";
import { makeSource } from "./source.ts";

/** The kinds of data that are backed up. */
export const CORPORA = ["source", "media", "db"] as const;

/** One of {@link CORPORA}. */
export type CorpusName = (typeof CORPORA)[number];

/** Bytes on disk at scale 1, about. */
export const CORPUS_BYTES: Record<CorpusName, number> = { source: 1.1e9, media: 2e9, db: 1.5e9 };

const MAKERS: Record<CorpusName, (folder: string, scale: number) => Promise<void>> = {
  source: makeSource,
  media: makeMedia,
  db: makeDb,
};

/** Bumped when the generators change, so that an older corpus is made anew. */
const GENERATION = 1;

/** The folder of a corpus, generated where it is not there yet: the same bytes every time. */
export async function corpus(name: CorpusName, dir: string, scale: number): Promise<string> {
  const folder = join(dir, "corpora", `${name}-${scale}-g${GENERATION}`);
  const complete = `${folder}.complete`;
  if (!existsSync(complete)) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await MAKERS[name](folder, scale);
    await writeFile(complete, "");
  }
  return folder;
}
