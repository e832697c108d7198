import { readFileSync, writeFileSync } from "node:fs";

/** The most memory that this process has had since the last call, in MiB (Linux). */
export function peak() {
  const status = readFileSync("/proc/self/status", "utf8");
  const high = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
  writeFileSync("/proc/self/clear_refs", "5"); // the mark starts anew
  return Math.round(high);
}

/** What this process takes while it does nothing, in MiB. */
export async function idlePeak() {
  await new Promise((resolve) => setTimeout(resolve, 200));
  peak();
  await new Promise((resolve) => setTimeout(resolve, 100));
  return peak();
}
