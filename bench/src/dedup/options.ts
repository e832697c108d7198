import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CORPORA, type CorpusName } from "../corpora/index.ts";
import { choose, positive } from "../options.ts";
import { TOOLS, type ToolName } from "./tools.ts";

/** The two halves of the benchmark: against others, and against itself as the data grows. */
const PARTS = ["rivals", "scaling"] as const;

/** What the benchmark was asked for. */
export interface Options {
  /** Where corpora and repositories lie. Corpora stay there for the next run. */
  readonly dir: string;
  /** Where the many empty files of the scaling part lie. */
  readonly tmpfs: string;
  readonly scale: number;
  readonly rounds: number;
  readonly parts: readonly (typeof PARTS)[number][];
  readonly tools: readonly ToolName[];
  readonly corpora: readonly CorpusName[];
  readonly json?: string;
}

/** Printed by `--help`. */
export const USAGE = `npm run bench -- dedup [options]
  --dir DIR        where to work; corpora are kept there (default: ${join(tmpdir(), "lifeboat-bench")})
  --tmpfs DIR      where generated trees of the scaling part lie (default: /dev/shm)
  --scale N        size of the corpora, 1 = about 1.1, 2 and 1.5 GB, a million entries, a million chunks (default: 1)
  --rounds N       rounds, in interleaved turns; the median counts (default: 5)
  --part A,B       only these parts: ${PARTS.join(", ")}
  --only A,B       only these tools: ${TOOLS.join(", ")}
  --corpus A,B     only these corpora: ${CORPORA.join(", ")}
  --json FILE      write every measurement to FILE
RESTIC and BORG in the environment name other programs than those on the path.`;

/** Reads the command line; `null` where help was asked for. */
export function parseOptions(args: readonly string[]): Options | null {
  const dir = join(tmpdir(), "lifeboat-bench");
  const { values } = parseArgs({
    args: [...args],
    options: {
      dir: { type: "string", default: dir },
      tmpfs: { type: "string", default: existsSync("/dev/shm") ? "/dev/shm" : dir },
      scale: { type: "string", default: "1" },
      rounds: { type: "string", default: "5" },
      part: { type: "string", default: PARTS.join(",") },
      only: { type: "string", default: TOOLS.join(",") },
      corpus: { type: "string", default: CORPORA.join(",") },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  return {
    dir: values.dir,
    tmpfs: values.tmpfs,
    scale: positive("scale", values.scale),
    rounds: Math.ceil(positive("rounds", values.rounds)),
    parts: choose("part", values.part, PARTS),
    tools: choose("only", values.only, TOOLS),
    corpora: choose("corpus", values.corpus, CORPORA),
    ...(values.json === undefined ? {} : { json: values.json }),
  };
}
