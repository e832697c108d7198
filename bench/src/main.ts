// The benchmark: Lifeboat, restic, borg, tar and cp side by side. See bench/README.md.
import { mkdir, statfs, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { CORPUS_BYTES, type CorpusName, corpus } from "./corpora/index.ts";
import { measureTool } from "./measure.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { type Result, table } from "./report.ts";
import { type ToolName, tools, versionOf } from "./tools.ts";

/** The room needed for a corpus, beside itself: a repository, a restored tree, and some air. */
const ROOM = 2.5;

async function main(): Promise<void> {
  const [which, ...rest] = process.argv.slice(2);
  if (which === "dedup") return (await import("./dedup/main.ts")).main(rest);
  const options = parseOptions(process.argv.slice(2));
  if (options === null) return console.log(USAGE);
  await mkdir(options.dir, { recursive: true });
  await checkRoom(options);
  describe(options);
  const results: Result[] = [];
  for (const name of options.corpora) results.push(...(await measureCorpus(name, options)));
  console.log("## Medians\n");
  for (const name of options.corpora)
    console.log(
      table(
        name,
        results.filter((each) => each.corpus === name),
      ),
    );
  if (options.json !== undefined) await writeFile(options.json, JSON.stringify({ options, results }, null, 2));
}

async function checkRoom({ dir, scale, corpora }: Options): Promise<void> {
  const all = corpora.reduce((sum, name) => sum + CORPUS_BYTES[name], 0);
  const needed = scale * (all + ROOM * Math.max(...corpora.map((name) => CORPUS_BYTES[name])));
  const { bavail, bsize } = await statfs(dir);
  if (bavail * bsize >= needed) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new Error(
    `${dir} has ${gigabytes(bavail * bsize)} free, ${gigabytes(needed)} are needed: use --dir or --scale.`,
  );
}

function describe(options: Options): void {
  const [cpu] = cpus();
  console.log(
    `${cpus().length} × ${cpu?.model}, ${(totalmem() / 1e9).toFixed(0)} GB, Linux ${release()}; scale ${options.scale}\n`,
  );
  for (const name of options.tools) {
    console.log(`${name}: ${versionOf(name)}`);
    for (const command of [tools[name].prepare, ...Object.values(tools[name].commands)]) {
      if (command !== undefined) console.log(`  $ ${command}`);
    }
  }
  console.log("");
}

async function measureCorpus(name: CorpusName, options: Options): Promise<Result[]> {
  const folder = await corpus(name, options.dir, options.scale);
  const results: Result[] = [];
  for (let round = 0; round < options.rounds; round++) {
    for (const tool of inTurn(options.tools, round)) {
      const measured = await measureTool(tool, folder, join(options.dir, "work"), round === 0);
      const times = measured.map(({ operation, seconds }) => `${operation} ${seconds.toFixed(2)} s`);
      console.log(`${name}, round ${round + 1}, ${tool}: ${times.join(", ")}`);
      for (const each of measured) results.push({ ...each, corpus: name, round });
    }
  }
  console.log("");
  return results;
}

/** Each round begins with another tool, so that none always comes after the same one. */
function inTurn(names: readonly ToolName[], round: number): ToolName[] {
  const first = round % names.length;
  return [...names.slice(first), ...names.slice(0, first)];
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
