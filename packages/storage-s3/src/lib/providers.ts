import type { S3Provider } from "./provider.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;

/** What holds where a service's documentation says nothing else. */
const COMMON = {
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

/** The services with a preset, by the name that the `provider` option takes. */
export const s3Providers = {
  aws: {
    ...COMMON,
    title: "Amazon S3",
    checksums: "crc32",
    maxObjectBytes: 48.8 * TIB,
    conditionalPut: "documented",
    source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html",
  },
  other: { ...COMMON, title: "any other service", addressing: "path", source: "" },
} as const satisfies Readonly<Record<string, S3Provider>>;

/** A service with a preset. */
export type S3ProviderName = keyof typeof s3Providers;
