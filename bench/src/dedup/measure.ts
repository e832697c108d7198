import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { LoopDelay } from "../measure.ts";
import { type Ran, shell, warm } from "../shell.ts";
import type { Versions } from "./changes.ts";
import { ROWS, type Row, type Step, type Tool, type ToolName } from "./tools.ts";

/** One row of one tool, measured. */
export interface Measurement {
  readonly tool: ToolName;
  readonly row: Row;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  /** Bytes in the tool's repository afterwards. */
  readonly siteBytes: number;
  /** Of the host's event loop; only Lifeboat reports one. */
  readonly delay?: LoopDelay;
}

const BACKUPS: readonly Step[] = ["first", "unchanged", "changed", "again"];

/** Every row of one tool, on a repository of its own below `work`, which goes afterwards. */
export async function measureTool(
  name: ToolName,
  tool: Tool,
  versions: Versions,
  work: string,
  check: boolean,
): Promise<Measurement[]> {
  const place = {
    CORPUS: versions.folder,
    SITE: join(work, "site"),
    OUT: join(work, "out"),
    STATE: join(work, "state"),
    ONE: versions.one ?? "",
    REPORT: join(work, "report"),
  };
  const run = (command: string): Ran => shell(command, { ...process.env, ...tool.env, ...place });
  const measured: Measurement[] = [];

  async function step(step: Step): Promise<void> {
    await rm(place.OUT, { recursive: true, force: true });
    await rm(place.REPORT, { force: true });
    await mkdir(place.OUT);
    run(warm(BACKUPS.includes(step) ? "$CORPUS" : "$SITE"));
    const { seconds, cpuSeconds, peakBytes } = run(tool.commands[step]);
    const siteBytes = Number(run(`du -sb "$SITE" | cut -f1`).stdout);
    if (check && step === "restore") run(`diff -r --no-dereference "$CORPUS" "$OUT"`);
    if (check && step === "one file") run(`cmp "$CORPUS/$ONE" "$OUT/$ONE"`);
    if (step !== "again") {
      measured.push({ tool: name, row: step, seconds, cpuSeconds, peakBytes, siteBytes, ...delayOf(place.REPORT) });
    }
  }

  try {
    await rm(work, { recursive: true, force: true });
    for (const folder of [place.SITE, place.STATE]) await mkdir(folder, { recursive: true });
    if (tool.prepare !== undefined) run(tool.prepare);
    for (const row of ROWS) {
      if (row === "changed") await versions.show(2);
      if (row === "prune") await step("again"); // of four backups, two are deleted
      if (row !== "one file" || versions.one !== null) await step(row);
    }
    if (check) run(tool.commands.verify); // what is left must be whole
    return measured;
  } finally {
    await versions.show(1);
    await rm(work, { recursive: true, force: true });
    run("sync");
  }
}

function delayOf(report: string): { delay?: LoopDelay } {
  return existsSync(report) ? (JSON.parse(readFileSync(report, "utf8")) as { delay: LoopDelay }) : {};
}
