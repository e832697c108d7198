import type { Job, JobProgress } from "lifeboat";
import { bytes, duration } from "./words.ts";

const WIDTH = 30;
const BLOCK = 3;
const BYTES_A_STEP = 4e6;
const CLEAR_LINE = "\r\x1b[2K";

/** Shows a job while it runs, and answers its result: a bar on a terminal, plain lines elsewhere. */
export async function follow<T>(title: string, job: Job<T>): Promise<T> {
  const terminal = process.stdout.isTTY;
  if (!terminal) console.log(`${title}…`);
  for await (const event of job) {
    if (event.type === "progress" && terminal) process.stdout.write(`${CLEAR_LINE}${title} ${bar(event.progress)}`);
    if (event.type === "problem")
      say(`  problem: ${event.problem.path ?? event.problem.source}: ${event.problem.message}`);
    if (event.type === "warning") say(`  warning: ${event.message}`);
  }
  if (terminal) process.stdout.write(CLEAR_LINE);
  return await job;
}

function say(line: string): void {
  console.log(process.stdout.isTTY ? `${CLEAR_LINE}${line}` : line);
}

function bar({ phase, bytes: done, totalBytes = 0, bytesPerSecond, remainingMs, source }: JobProgress): string {
  if (done === 0) return `${phase}…`;
  const parts = [bytes(done), `${bytes(bytesPerSecond)}/s`];
  if (source !== undefined) parts.push(source);
  if (remainingMs !== undefined) parts.push(`${duration(remainingMs)} left`);
  return `${totalBytes > 0 ? filled(done / totalBytes) : moving(done)} ${parts.join(" · ")}`;
}

/** A bar for what has a known end. */
function filled(share: number): string {
  const full = Math.round(WIDTH * Math.min(1, share));
  return "█".repeat(full) + "░".repeat(WIDTH - full);
}

/** A bar for what has not: something moves while bytes do. */
function moving(done: number): string {
  const at = Math.floor(done / BYTES_A_STEP) % (WIDTH - BLOCK + 1);
  return "░".repeat(at) + "█".repeat(BLOCK) + "░".repeat(WIDTH - BLOCK - at);
}
