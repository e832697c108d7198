import type { Day } from "./judge.ts";
import type { Year } from "./year.ts";

const LETTERS: Readonly<Record<Day["verdict"], string>> = { "on time": "■", late: "▣", "by hand": "H", missed: "·" };

/** A year as a calendar: a line a month, a letter a night, and what was the matter. */
export function printYear({ days, timeZone, wrong, made, left, prunes, crashes }: Year): string {
  const wall = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  const months = new Map<string, string[]>();
  const notes: string[] = [];
  const counts = new Map<Day["verdict"], number>();
  for (const { slot, verdict, reasons } of days) {
    const date = wall.format(slot);
    const row = months.get(date.slice(0, 7)) ?? Array.from({ length: 31 }, () => " ");
    row[Number(date.slice(8)) - 1] = LETTERS[verdict];
    months.set(date.slice(0, 7), row);
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
    if (reasons.length > 0) notes.push(`${date}  ${verdict.padEnd(7)}  ${reasons.join(", ")}`);
  }
  const count = (verdict: Day["verdict"]) => `${LETTERS[verdict]} ${verdict} ${counts.get(verdict) ?? 0}`;
  return [
    `         ${"1         11        21        31"}`,
    ...[...months].map(([month, row]) => `${month}  ${row.join("")}`),
    "",
    `${count("on time")}   ${count("late")}   ${count("by hand")}   ${count("missed")}`,
    `${made} backups made, ${left} kept by retention after ${prunes} prunes; ${crashes} crashes`,
    "",
    ...notes,
    ...(wrong.length === 0 ? ["", "Nothing was wrong."] : ["", "WRONG:", ...wrong]),
  ].join("\n");
}
