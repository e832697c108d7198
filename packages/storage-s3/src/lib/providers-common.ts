import type { S3Provider } from "./provider.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
export const TIB = 1024 ** 4;

/** What holds where a service's documentation says nothing else: the limits that S3 began with. */
export const COMMON = {
  addressing: "virtual-host",
  checksums: "signature",
  maxParts: 10_000,
  minPartBytes: 5 * MIB,
  maxPartBytes: 5 * GIB,
  maxObjectBytes: 5 * TIB,
  uniformParts: false,
  multipartCopy: true,
  maxCopyBytes: 5 * GIB,
  deleteBatch: 1000,
  copyConcurrency: 10,
  deleteConcurrency: 4,
  conditionalPut: "unknown",
  lifecycle: "Not known.",
  notes: [],
} as const satisfies Partial<S3Provider>;
