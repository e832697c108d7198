import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CORPORA, type CorpusName } from "./corpora/index.ts";
import { TOOLS, type ToolName } from "./tools.ts";

/** What the benchmark was asked for. */
export interface Options {
  /** Where corpora and repositories lie. Corpora stay there for the next run. */
  readonly dir: string;
  /** The corpora's size, 1 for full. */
  readonly scale: number;
  readonly rounds: number;
  readonly tools: readonly ToolName[];
  readonly corpora: readonly CorpusName[];
  /** Where to write the measurements as JSON. */
  readonly json?: string;
}

/** Printed by `--help`. */
export const USAGE = `npm run bench -- [options]
  --dir DIR        where to work; corpora are kept there (default: ${join(tmpdir(), "lifeboat-bench")})
  --scale N        size of the corpora, 1 = about 1.1, 2 and 1.5 GB (default: 1)
  --rounds N       rounds, in interleaved turns; the median counts (default: 3)
  --only A,B       only these tools: ${TOOLS.join(", ")}
  --corpus A,B     only these corpora: ${CORPORA.join(", ")}
  --json FILE      write every measurement to FILE`;

/** Reads the command line; `null` where help was asked for. */
export function parseOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      dir: { type: "string", default: join(tmpdir(), "lifeboat-bench") },
      scale: { type: "string", default: "1" },
      rounds: { type: "string", default: "3" },
      only: { type: "string", default: TOOLS.join(",") },
      corpus: { type: "string", default: CORPORA.join(",") },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  return {
    dir: values.dir,
    scale: positive("scale", values.scale),
    rounds: Math.ceil(positive("rounds", values.rounds)),
    tools: choose("only", values.only, TOOLS),
    corpora: choose("corpus", values.corpus, CORPORA),
    ...(values.json === undefined ? {} : { json: values.json }),
  };
}

/** A number above 0 from the command line. */
export function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`--${name} wants a number above 0, not "${text}".`);
}

/** Some of the known names, in their order. */
export function choose<T extends string>(name: string, text: string, known: readonly T[]): T[] {
  const wanted = text.split(",");
  for (const each of wanted) {
    if (!known.some((one) => one === each)) throw new Error(`--${name} knows ${known.join(", ")}, not "${each}".`);
  }
  return known.filter((one) => wanted.includes(one));
}
