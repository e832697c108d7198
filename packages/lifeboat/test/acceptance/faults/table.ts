import type { Cell } from "./run.ts";
import { WORKS } from "./stage.ts";

const HEADS: Readonly<Record<(typeof WORKS)[number], string>> = {
  put: "put 20 MB",
  get: "get 20 MB",
  small: "stat, list, copy, delete",
  backup: "backup",
};

/** The matrix as a table for people: a row for each fault and server, then why cells are empty, then what is wrong. */
export function printed(cells: readonly Cell[]): string {
  const rows = new Map<string, Cell[]>();
  for (const cell of cells) {
    const name = `${cell.fault.name}\0${cell.server}`;
    rows.set(name, [...(rows.get(name) ?? []), cell]);
  }
  const reasons: string[] = [];
  const mark = (reason: string) => {
    if (!reasons.includes(reason)) reasons.push(reason);
    return `– (${reasons.indexOf(reason) + 1})`;
  };
  const lines = [...rows.values()].map((row) => {
    const [{ fault, server } = { fault: undefined, server: "" }] = row;
    const texts = WORKS.map((work) =>
      textOf(
        row.find((cell) => cell.work === work),
        mark,
      ),
    );
    const tried = row.filter(({ left }) => left !== undefined);
    const left = tried.flatMap((cell) => cell.left ?? []).length;
    return [fault?.name ?? "", server, ...texts, `${fault?.within ?? ""} s`, tried.length === 0 ? "–" : String(left)];
  });
  const table = aligned([["fault", "server", ...WORKS.map((work) => HEADS[work]), "within", "left"], ...lines]);
  const notes = reasons.map((reason, index) => `(${index + 1}) ${reason}`);
  const wrong = cells.flatMap((cell) =>
    cell.wrong.map((each) => `WRONG  ${cell.fault.name}, ${cell.server}, ${cell.work}: ${each}`),
  );
  return [table, ...notes, ...wrong].join("\n");
}

function textOf(cell: Cell | undefined, mark: (reason: string) => string): string {
  if (cell === undefined) return "";
  if (cell.reason !== undefined) return mark(cell.reason);
  const text = cell.seconds === undefined ? `${cell.outcome}` : `${cell.outcome} ${cell.seconds.toFixed(1)}`;
  return cell.wrong.length > 0 ? `${text} !` : text;
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) => row.map((text, column) => text + " ".repeat((widths[column] ?? 0) - text.length)).join("  "))
    .join("\n");
}
