import { readFileSync } from "node:fs";
import { mkdir, open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { random } from "../corpora/random.ts";
import type { LoopDelay } from "../measure.ts";
import { type Ran, shell } from "../shell.ts";
import type { Options } from "./options.ts";
import { makeTools, type Step } from "./tools.ts";

/** What grows. */
export type Unit = "entries" | "chunks";

/** One step at one size. */
export interface Scaled {
  readonly unit: Unit;
  /** How many there are; of chunks, about. */
  readonly count: number;
  readonly step: Step;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Above an idle process. */
  readonly peakBytes: number;
  readonly p99: number;
}

const COUNTS: Readonly<Record<Unit, readonly number[]>> = {
  entries: [100_000, 300_000, 1_000_000],
  chunks: [10_000, 100_000, 1_000_000],
};
const STEPS: readonly Step[] = ["first", "verify", "unchanged", "changed", "restore"];
/** The smallest chunks a site may have, so that a million of them are some 5 GB. */
const SMALL_CHUNKS = { min: 1024, average: 4096, max: 16_384 };
/** The mean chunk of noise is this much larger than the average of its profile. */
const MEAN_CHUNK = 1.13 * SMALL_CHUNKS.average;
const FILES_A_FOLDER = 1000;
const MIB = 1024 * 1024;

/** Lifeboat against itself: as many empty files, as many chunks of noise. */
export async function measureScaling({ dir, tmpfs, scale }: Options, idleBytes: number): Promise<Scaled[]> {
  const results: Scaled[] = [];
  for (const unit of ["entries", "chunks"] as const) {
    for (const full of COUNTS[unit]) {
      const count = Math.max(10, Math.round(full * scale));
      const data = join(tmpfs, `lifeboat-bench-${unit}`);
      try {
        await rm(data, { recursive: true, force: true });
        await mkdir(data, { recursive: true });
        await (unit === "entries" ? makeEntries(data, count) : makeChunks(data, count));
        for (const each of await measure(unit, count, data, join(dir, "work"))) {
          results.push({ ...each, peakBytes: each.peakBytes - idleBytes });
        }
      } finally {
        await rm(data, { recursive: true, force: true });
      }
    }
  }
  return results;
}

async function measure(unit: Unit, count: number, data: string, work: string): Promise<Scaled[]> {
  const place = { CORPUS: data, SITE: join(work, "site"), OUT: join(work, "out"), REPORT: join(work, "report") };
  const chunks = unit === "chunks" ? { CHUNKS: JSON.stringify(SMALL_CHUNKS) } : {};
  const run = (command: string): Ran => shell(command, { ...process.env, ...place, ...chunks });
  const { commands } = makeTools().lifeboat;
  const results: Scaled[] = [];
  try {
    await mkdir(place.SITE, { recursive: true });
    for (const step of STEPS) {
      if (step === "changed") await writeFile(join(data, "zz-new"), random("new").bytes(MIB));
      await rm(place.OUT, { recursive: true, force: true });
      await mkdir(place.OUT);
      run("sync");
      const { seconds, cpuSeconds, peakBytes } = run(commands[step]);
      const { delay } = JSON.parse(readFileSync(place.REPORT, "utf8")) as { delay: LoopDelay };
      results.push({ unit, count, step, seconds, cpuSeconds, peakBytes, p99: delay.p99 });
      console.log(`${count} ${unit}, ${step}: ${seconds.toFixed(2)} s, ${(peakBytes / 1e6).toFixed(0)} MB`);
    }
    return results;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function makeEntries(folder: string, count: number): Promise<void> {
  for (let n = 0; n < count; n += FILES_A_FOLDER) {
    const inner = join(folder, `folder-${String(n / FILES_A_FOLDER).padStart(5, "0")}`);
    await mkdir(inner);
    const names = Array.from({ length: Math.min(FILES_A_FOLDER, count - n) }, (_, at) => `file-${at}`);
    await Promise.all(names.map((name) => writeFile(join(inner, name), "")));
  }
}

async function makeChunks(folder: string, count: number): Promise<void> {
  const rng = random("chunks");
  await using file = await open(join(folder, "noise"), "wx");
  for (let left = Math.round(count * MEAN_CHUNK); left > 0; left -= MIB)
    await file.write(rng.bytes(Math.min(left, MIB)));
}

/** Time and memory as the data grows, and what each further unit costs. */
export function scalingTable(results: readonly Scaled[]): string {
  const lines = ["## As the data grows\n"];
  for (const unit of ["entries", "chunks"] as const) {
    const of = results.filter((each) => each.unit === unit);
    if (of.length === 0) continue;
    lines.push(
      `| ${unit} | step | seconds | µs each | processor, s | peak above idle, MB | bytes each, from the smallest | p99, ms |`,
      "|---|---|---|---|---|---|---|---|",
      ...of.map((each) => row(each, of)),
      "",
    );
  }
  return lines.join("\n");
}

function row(each: Scaled, all: readonly Scaled[]): string {
  const { count, step, seconds, cpuSeconds, peakBytes, p99 } = each;
  const smallest = all.find((other) => other.step === step);
  const more = smallest === undefined || smallest.count === count ? null : smallest;
  const bytes = more === null ? "–" : ((peakBytes - more.peakBytes) / (count - more.count)).toFixed(0);
  const cells = [count, step, seconds.toFixed(2), ((seconds / count) * 1e6).toFixed(1), cpuSeconds.toFixed(2)];
  return `| ${[...cells, (peakBytes / 1e6).toFixed(0), bytes, p99.toFixed(1)].join(" | ")} |`;
}
