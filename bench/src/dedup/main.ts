// The benchmark of the dedup format: Lifeboat, restic and borg side by side, and Lifeboat as the data grows.
import { mkdir, statfs, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { CORPUS_BYTES, type CorpusName } from "../corpora/index.ts";
import { shell } from "../shell.ts";
import { openVersions } from "./changes.ts";
import { measureTool } from "./measure.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { type Result, table, verdict } from "./report.ts";
import { measureScaling, scalingTable } from "./scaling.ts";
import { IDLE, makeTools, type Tool, type ToolName, versionOf } from "./tools.ts";

/** The room needed for a corpus, beside itself: its changes, a repository, a restored tree, and some air. */
const ROOM = 3.5;

/** Runs the benchmark that the command line asks for. */
export async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  if (options === null) return console.log(USAGE);
  await mkdir(options.dir, { recursive: true });
  const [cpu] = cpus();
  const machine = `${cpus().length} × ${cpu?.model}, ${(totalmem() / 1e9).toFixed(0)} GB, Linux ${release()}`;
  console.log(`${machine}; Node ${process.version}; scale ${options.scale}, ${options.rounds} rounds\n`);
  const ours = options.parts.includes("scaling") || options.tools.includes("lifeboat");
  const idleBytes = ours ? shell(IDLE, process.env).peakBytes : 0;
  if (ours) console.log(`An idle process that has imported lifeboat has ${(idleBytes / 1e6).toFixed(0)} MB.\n`);
  const results = options.parts.includes("rivals") ? await compare(options, idleBytes) : [];
  const scaling = options.parts.includes("scaling") ? await measureScaling(options, idleBytes) : [];
  if (scaling.length > 0) console.log(scalingTable(scaling));
  if (options.json !== undefined)
    await writeFile(options.json, JSON.stringify({ options, idleBytes, results, scaling }, null, 2));
}

async function compare(options: Options, idleBytes: number): Promise<Result[]> {
  await checkRoom(options);
  const tools = makeTools();
  for (const name of options.tools) {
    console.log(`${name}: ${versionOf(name, tools[name])}`);
    const { prepare, commands } = tools[name];
    for (const command of new Set([prepare, ...Object.values(commands)])) {
      if (command !== undefined) console.log(`  $ ${command}`);
    }
  }
  console.log("");
  const results: Result[] = [];
  for (const name of options.corpora) results.push(...(await measureCorpus(name, options, tools)));
  console.log("## Medians\n");
  for (const name of options.corpora) console.log(table(name, results, idleBytes));
  console.log(`${verdict(results)}\n`);
  return results;
}

async function measureCorpus(
  corpus: CorpusName,
  { dir, scale, rounds, tools: names }: Options,
  tools: Record<ToolName, Tool>,
): Promise<Result[]> {
  const versions = await openVersions(corpus, dir, scale);
  const results: Result[] = [];
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length; // each round begins with another tool
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const measured = await measureTool(name, tools[name], versions, join(dir, "work"), round === 0);
      const times = measured.map(({ row, seconds }) => `${row} ${seconds.toFixed(2)} s`);
      console.log(`${corpus}, round ${round + 1}, ${name}: ${times.join(", ")}`);
      for (const each of measured) results.push({ ...each, corpus, round });
    }
  }
  console.log("");
  return results;
}

async function checkRoom({ dir, scale, corpora }: Options): Promise<void> {
  const sizes = corpora.map((name) => CORPUS_BYTES[name]);
  const needed = scale * (sizes.reduce((sum, size) => sum + size, 0) + ROOM * Math.max(...sizes));
  const { bavail, bsize } = await statfs(dir);
  if (bavail * bsize >= needed) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new Error(
    `${dir} has ${gigabytes(bavail * bsize)} free, ${gigabytes(needed)} are needed: use --dir or --scale.`,
  );
}
