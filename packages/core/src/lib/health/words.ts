const UNITS = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
] as const;

/** A length of time in words, rounded down: "3 days", "1 hour", "less than a minute". */
export function lengthInWords(ms: number): string {
  for (const [length, unit] of UNITS) {
    // One day is told in hours: "26 hours" says more than "1 day".
    const count = Math.floor(ms / length);
    if (count >= (unit === "day" ? 2 : 1)) return counted(count, unit);
  }
  return "less than a minute";
}

/** How long ago something was: "3 days ago". */
export function ago(time: Date, now: number): string {
  return `${lengthInWords(Math.max(0, now - time.getTime()))} ago`;
}

/** "1 backup", "2 backups". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Bytes in words, by thousands: "3.2 GB". */
export function bytesInWords(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB", "PB"];
  let [value, n] = [bytes, 0];
  for (; value >= 1000 && n < units.length - 1; n++) value /= 1000;
  return `${n === 0 || value >= 100 ? Math.round(value) : Math.round(value * 10) / 10} ${units[n]}`;
}

/** A sentence that others end themselves, without the stop at its end. */
export function withoutStop(sentence: string): string {
  return sentence.replace(/[.\s]+$/, "");
}
