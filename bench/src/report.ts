import type { CorpusName } from "./corpora/index.ts";
import type { LoopDelay, Measurement } from "./measure.ts";
import { OPERATIONS, type Operation, type ToolName } from "./tools.ts";

/** A measurement, with where it belongs. */
export interface Result extends Measurement {
  readonly corpus: CorpusName;
  readonly round: number;
}

/** The tools that Lifeboat is compared with: they encrypt and verify, too. */
const RIVALS: readonly ToolName[] = ["restic", "borg"];

/** The middle of some numbers; `NaN` of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

const of = (results: readonly Result[], tool: ToolName, operation: Operation) =>
  results.filter((each) => each.tool === tool && each.operation === operation);

/** The median time of an operation, in seconds; `NaN` where it was not measured. */
function medianSeconds(results: readonly Result[], tool: ToolName, operation: Operation): number {
  return median(of(results, tool, operation).map(({ seconds }) => seconds));
}

/** How many times as fast Lifeboat is as the faster of restic and borg; `NaN` where one is missing. */
export function ratio(results: readonly Result[], operation: Operation): number {
  const rivals = RIVALS.map((tool) => medianSeconds(results, tool, operation)).filter(
    (seconds) => !Number.isNaN(seconds),
  );
  if (rivals.length === 0) return Number.NaN;
  return Math.min(...rivals) / medianSeconds(results, "lifeboat", operation);
}

/** One corpus as a Markdown table, with the ratios and the event loop's delay below it. */
export function table(corpus: CorpusName, results: readonly Result[]): string {
  const rows = [...new Set(results.map(({ tool }) => tool))].map((tool) => {
    const times = OPERATIONS.map((operation) => seconds(medianSeconds(results, tool, operation)));
    const peak = Math.max(...results.filter((each) => each.tool === tool).map(({ peakBytes }) => peakBytes));
    const stored = median(of(results, tool, "backup").map(({ storedBytes }) => storedBytes ?? Number.NaN));
    return `| ${[tool, ...times, megabytes(peak), megabytes(stored)].join(" | ")} |`;
  });
  const ratios = OPERATIONS.map((operation) => `${times(ratio(results, operation))}`);
  return [
    `### ${corpus}`,
    "",
    "| tool | first backup, s | verify, s | restore, s | peak memory, MB | stored, MB |",
    "|---|---|---|---|---|---|",
    ...rows,
    `| **Lifeboat against the faster of restic and borg** | ${ratios.join(" | ")} | | |`,
    ...delays(results),
    "",
  ].join("\n");
}

function delays(results: readonly Result[]): string[] {
  const measured = of(results, "lifeboat", "backup").flatMap(({ delay }) => (delay === undefined ? [] : [delay]));
  if (measured.length === 0) return [];
  const ms = (pick: (delay: LoopDelay) => number) => `${median(measured.map(pick)).toFixed(1)} ms`;
  const parts = [`p50 ${ms(({ p50 }) => p50)}`, `p99 ${ms(({ p99 }) => p99)}`, `max ${ms(({ max }) => max)}`];
  return [
    "",
    `Event-loop delay of the host during Lifeboat's backup: ${parts.join(", ")} (an idle loop shows 1.1 ms).`,
  ];
}

const seconds = (value: number) => (Number.isNaN(value) ? "–" : value.toFixed(2));
const megabytes = (bytes: number) => (Number.isNaN(bytes) ? "–" : (bytes / 1e6).toFixed(0));
const times = (value: number) => (Number.isNaN(value) ? "–" : `**${value.toFixed(1)}×**`);
