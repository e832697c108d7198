import { LifeboatError } from "@lifeboat/contracts";

const UNITS = {
  B: 1,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
} as const;

/**
 * Bytes of a size as hosts write it: `"96MB"`, `"1.5GiB"`, or a number of bytes.
 *
 * @param name the option, for the message
 * @throws INVALID for anything else, and for nothing or less
 */
export function parseSize(value: unknown, name: string): number {
  const match = typeof value === "string" ? /^(\d+(?:\.\d+)?) ?([kMGT]?B|[KMGT]iB)$/.exec(value) : null;
  const bytes = match === null ? value : Math.round(Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]);
  if (typeof bytes === "number" && bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  throw new LifeboatError({
    code: "INVALID",
    operation: "options",
    key: name,
    message: `Expected ${name} to be a size such as "96MB", "1.5GiB" or a number of bytes, found ${JSON.stringify(value)}.`,
  });
}
