import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { shell, warm } from "./shell.ts";
import { OPERATIONS, type Operation, type ToolName, tools } from "./tools.ts";

/** How long the event loop of the host was held up, in milliseconds; an idle loop shows about 1. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** One operation of one tool, measured. */
export interface Measurement {
  readonly tool: ToolName;
  readonly operation: Operation;
  readonly seconds: number;
  /** The largest resident set of any of its processes, in bytes. */
  readonly peakBytes: number;
  /** Bytes in the tool's repository, after a backup. */
  readonly storedBytes?: number;
  readonly delay?: LoopDelay;
}

/** Backs up, verifies and restores a corpus with one tool, in fresh folders below `work`, which go afterwards. */
export async function measureTool(
  name: ToolName,
  corpus: string,
  work: string,
  check: boolean,
): Promise<Measurement[]> {
  const place = { CORPUS: corpus, SITE: join(work, "site"), OUT: join(work, "out"), STATE: join(work, "state") };
  const { prepare, commands, env } = tools[name];
  const run = (command: string) => shell(command, { ...process.env, ...env, ...place, REPORT: join(work, "report") });
  try {
    for (const folder of [place.SITE, place.OUT, place.STATE]) await mkdir(folder, { recursive: true });
    if (prepare !== undefined) run(prepare);
    const measured: Measurement[] = [];
    for (const operation of OPERATIONS) {
      const command = commands[operation];
      if (command === undefined) continue;
      run(warm(operation === "backup" ? "$CORPUS" : "$SITE"));
      const { seconds, peakBytes } = run(command);
      const storedBytes = operation === "backup" ? Number(run(`du -sb "$SITE" | cut -f1`).stdout) : undefined;
      measured.push({
        tool: name,
        operation,
        seconds,
        peakBytes,
        ...(storedBytes && { storedBytes }),
        ...report(work),
      });
    }
    if (check) run(`diff -r --no-dereference "$CORPUS" "$OUT"`);
    return measured;
  } finally {
    await rm(work, { recursive: true, force: true });
    run("sync");
  }
}

/** What the tool itself reports; only Lifeboat does. */
function report(work: string): { delay?: LoopDelay } {
  const path = join(work, "report");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as { delay: LoopDelay }) : {};
}
