const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
] as const;

/** Milliseconds since the beginning, for a trace: `12d 3h 0min 4.500s`. */
export function printTime(ms: number): string {
  let rest = ms;
  const words: string[] = [];
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0 || words.length > 0) words.push(`${count}${unit}`);
  }
  return [...words, `${(rest / 1000).toFixed(3)}s`].join(" ").padStart(22);
}
