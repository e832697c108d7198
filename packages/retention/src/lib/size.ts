import { invalid } from "./invalid.ts";

const FACTORS: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  PB: 1e15,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
  PIB: 2 ** 50,
};

/** Reads a number of bytes, or `"500MB"`, `"1.5 GiB"`. @throws INVALID */
export function parseBytes(written: unknown, option: string): number {
  const bytes = typeof written === "string" ? bytesOf(written) : written;
  if (typeof bytes === "number" && Number.isFinite(bytes) && bytes >= 0) return Math.floor(bytes);
  throw invalid(option, 'a number of bytes, or a size such as "500MB" or "1.5GiB"', written);
}

function bytesOf(written: string): number {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(written) ?? [];
  return Number(digits) * (FACTORS[unit?.toUpperCase() ?? ""] ?? Number.NaN);
}

const UNITS = ["bytes", "KB", "MB", "GB", "TB", "PB"] as const;

/** A number of bytes for people, three digits long: `11 MB`. */
export function formatBytes(bytes: number): string {
  const step = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${Number((bytes / 1000 ** step).toPrecision(3))} ${UNITS[step] ?? ""}`;
}
