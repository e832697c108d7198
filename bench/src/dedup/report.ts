import type { CorpusName } from "../corpora/index.ts";
import { median } from "../report.ts";
import type { Measurement } from "./measure.ts";
import { ROWS, type Row, type ToolName } from "./tools.ts";

/** A measurement, with where it belongs. */
export interface Result extends Measurement {
  readonly corpus: CorpusName;
  readonly round: number;
}

/** How one row compares. */
export interface Ratio {
  readonly corpus: CorpusName;
  readonly row: Row;
  /** How many times as fast Lifeboat is as the fastest of the others. */
  readonly ratio: number;
}

/** The rows that the target is about: a first backup, one of the same and one of changed data, a restore, a verification. */
const TARGET_ROWS: readonly Row[] = ["first", "unchanged", "changed", "restore", "verify"];

type Value = (measurement: Measurement) => number | undefined;

function middle(results: readonly Result[], tool: ToolName, row: Row, value: Value): number {
  const of = results.filter((each) => each.tool === tool && each.row === row);
  return median(of.flatMap((each) => value(each) ?? []));
}

/** Lifeboat against the fastest of the others, row by row, where both were measured. */
export function ratios(results: readonly Result[]): Ratio[] {
  const corpora = [...new Set(results.map(({ corpus }) => corpus))];
  const tools = [...new Set(results.map(({ tool }) => tool))];
  return corpora.flatMap((corpus) =>
    ROWS.flatMap((row) => {
      const of = results.filter((each) => each.corpus === corpus);
      const seconds = (tool: ToolName) => middle(of, tool, row, (each) => each.seconds);
      const rivals = tools.filter((tool) => tool !== "lifeboat").map(seconds);
      const ratio = Math.min(...rivals.filter((each) => !Number.isNaN(each))) / seconds("lifeboat");
      return Number.isFinite(ratio) ? [{ corpus, row, ratio }] : [];
    }),
  );
}

/** The mean of ratios: a row that is twice as fast and one that is half as fast come to 1. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** A table of one value, a row for each operation and a column for each tool. */
interface Grid {
  readonly title: string;
  readonly value: Value;
  readonly show: (value: number) => string;
  readonly rows?: readonly Row[];
}

/** The rows that write. */
const WRITING: readonly Row[] = ["first", "unchanged", "changed", "prune"];

/** One corpus as Markdown: times, then what they cost. */
export function table(corpus: CorpusName, all: readonly Result[], idleBytes: number): string {
  const results = all.filter((each) => each.corpus === corpus);
  const tools = [...new Set(results.map(({ tool }) => tool))];
  const compared = ratios(results);
  const grid = ({ title, value, show, rows = ROWS }: Grid, against?: (row: Row) => string) => [
    `| ${[title, ...tools, ...(against ? ["against the fastest"] : [])].join(" | ")} |`,
    `|---${"|---".repeat(tools.length + (against ? 1 : 0))}|`,
    ...rows.map((row) => {
      const values = tools.map((tool) => middle(results, tool, row, value));
      const cells = values.map((each) => (Number.isNaN(each) ? "–" : show(each)));
      return `| ${[row, ...cells, ...(against ? [against(row)] : [])].join(" | ")} |`;
    }),
    "",
  ];
  const times = (row: Row) => {
    const found = compared.find((each) => each.row === row);
    return found === undefined ? "–" : `**${found.ratio.toFixed(2)}×**`;
  };
  const hundredths = (value: number) => value.toFixed(2);
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0);
  return [
    `### ${corpus}`,
    "",
    ...grid({ title: "seconds", value: ({ seconds }) => seconds, show: hundredths }, times),
    ...grid({ title: "processor, s", value: ({ cpuSeconds }) => cpuSeconds, show: hundredths }),
    ...grid({ title: "peak memory, MB", value: ({ peakBytes }) => peakBytes, show: megabytes }),
    ...grid({ title: "repository, MB", value: ({ siteBytes }) => siteBytes, show: megabytes, rows: WRITING }),
    ...lifeboatOnly(results, idleBytes),
    "",
  ].join("\n");
}

function lifeboatOnly(results: readonly Result[], idleBytes: number): string[] {
  const rows = ROWS.filter((row) => results.some((each) => each.tool === "lifeboat" && each.row === row));
  if (rows.length === 0) return [];
  const at = (value: Value) => rows.map((row) => middle(results, "lifeboat", row, value).toFixed(0)).join(" | ");
  return [
    `| Lifeboat's host | ${rows.join(" | ")} |`,
    `|---${"|---".repeat(rows.length)}|`,
    `| peak above an idle process, MB | ${at(({ peakBytes }) => (peakBytes - idleBytes) / 1e6)} |`,
    `| event loop, p99, ms | ${at(({ delay }) => delay?.p99)} |`,
    `| event loop, longest, ms | ${at(({ delay }) => delay?.max)} |`,
  ];
}

/** All corpora together: the mean, and the row that is worst. */
export function verdict(results: readonly Result[]): string {
  const all = ratios(results);
  if (all.length === 0) return "Nothing to compare: Lifeboat or the others were left out.";
  const say = (title: string, of: readonly Ratio[]) => {
    const worst = of.reduce((low, each) => (each.ratio < low.ratio ? each : low));
    const mean = geometricMean(of.map(({ ratio }) => ratio));
    return `${title}: geometric mean ${mean.toFixed(2)}×, worst ${worst.ratio.toFixed(2)}× (${worst.corpus}, ${worst.row}).`;
  };
  const target = all.filter(({ row }) => TARGET_ROWS.includes(row));
  return [...(target.length > 0 ? [say(`${TARGET_ROWS.join(", ")}`, target)] : []), say("All rows", all)].join("\n");
}
