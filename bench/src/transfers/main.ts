// Transfers to real servers: Lifeboat's storages, rclone and OpenSSH's sftp side by side. See bench/README.md.
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Place, startPlace } from "./servers.ts";
import { type Direction, TOOLS, type TransferTool, transfer } from "./tools.ts";

const MIB = 1024 * 1024;

interface Timing {
  readonly tool: TransferTool;
  readonly direction: Direction;
  readonly seconds: number;
  readonly peakBytes: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      mib: { type: "string", default: "512" },
      rounds: { type: "string", default: "3" },
      latency: { type: "string", default: "0,30" },
      servers: { type: "string", default: "s3,sftp" },
      dir: { type: "string", default: tmpdir() },
    },
  });
  const bytes = Number(values.mib) * MIB;
  const dir = await mkdtemp(join(values.dir, "lifeboat-transfers-"));
  try {
    const file = join(dir, "file");
    await makeFile(file, bytes);
    console.log(
      `${cpus().length} × ${cpus()[0]?.model}, Linux ${release()}; ${values.mib} MiB of noise, medians of ${values.rounds} rounds\n`,
    );
    for (const kind of (["s3", "sftp"] as const).filter((one) => values.servers.split(",").includes(one))) {
      for (const latency of values.latency.split(",").map(Number)) {
        await using place = await startPlace(kind, latency, dir, bytes);
        await measure(place, latency, { dir, file, bytes, rounds: Number(values.rounds) });
      }
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

interface Run {
  readonly dir: string;
  readonly file: string;
  readonly bytes: number;
  readonly rounds: number;
}

async function measure(place: Place, latency: number, { dir, file, bytes, rounds }: Run): Promise<void> {
  const tools = TOOLS[place.kind];
  const wanted = await digestOf(file);
  const timings: Timing[] = [];
  if (place.kind === "s3") await shell(`rclone mkdir --config "" "remote:${place.folder}"`, place.rclone);
  for (const tool of tools) console.log(`  $ ${transfer(tool, "up", place).command}`);
  for (let round = 0; round < rounds; round++) {
    const first = round % tools.length;
    for (const tool of [...tools.slice(first), ...tools.slice(0, first)]) {
      const back = join(dir, "back");
      for (const direction of ["up", "down"] as const) {
        const { command, env } = transfer(tool, direction, place);
        const places = { FILE: direction === "up" ? file : back, KEY: `${tool}-${round}`, FOLDER: place.folder };
        timings.push({ tool, direction, ...(await shell(command, { ...env, ...places })) });
      }
      if ((await digestOf(back)) !== wanted) throw new Error(`${tool} brought back other bytes than it took.`);
      await rm(back);
    }
  }
  report(place, latency, bytes, tools, timings);
}

function report(place: Place, latency: number, bytes: number, tools: readonly TransferTool[], all: readonly Timing[]) {
  const rate = (tool: TransferTool, direction: Direction) =>
    bytes / MIB / median(all.filter((t) => t.tool === tool && t.direction === direction).map(({ seconds }) => seconds));
  console.log(`\n### ${place.server}, ${latency === 0 ? "on this machine" : `${latency} ms away each way`}\n`);
  console.log("| tool | up, MiB/s | down, MiB/s | peak memory, MB |\n|---|---|---|---|");
  for (const tool of tools) {
    const peak = Math.max(...all.filter((t) => t.tool === tool).map(({ peakBytes }) => peakBytes)) / 1e6;
    console.log(`| ${tool} | ${rate(tool, "up").toFixed(0)} | ${rate(tool, "down").toFixed(0)} | ${peak.toFixed(0)} |`);
  }
  const ratio = (direction: Direction) =>
    rate("lifeboat", direction) / Math.max(...tools.slice(1).map((tool) => rate(tool, direction)));
  console.log(
    `| **Lifeboat against the fastest** | **${ratio("up").toFixed(1)}×** | **${ratio("down").toFixed(1)}×** | |\n`,
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [sorted[(sorted.length - 1) >> 1], sorted[middle]];
  return (low + high) / 2;
}

/** Runs a command under GNU time. Not synchronously: the line to the server may lead through this process. */
async function shell(command: string, env: Readonly<Record<string, string>>) {
  const started = performance.now();
  const child = spawn("/usr/bin/time", ["-q", "-f", "%M", "bash", "-o", "pipefail", "-c", command], {
    env: { ...process.env, AWS_CA_BUNDLE: undefined, ...env }, // rclone refuses it, and nothing here speaks TLS
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const status = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(`exit ${status}: ${command}\n${said.slice(-2000)}`);
  return { seconds, peakBytes: Number(said.trimEnd().split("\n").at(-1)) * 1024 };
}

async function makeFile(path: string, bytes: number): Promise<void> {
  await using file = await open(path, "w");
  for (let left = bytes; left > 0; left -= MIB) await file.write(randomBytes(Math.min(MIB, left)));
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path, { highWaterMark: MIB })) hash.update(piece as Buffer);
  return hash.digest("hex");
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
