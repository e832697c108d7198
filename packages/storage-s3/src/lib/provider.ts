/** What is peculiar to a service that speaks S3, as data. */
export interface S3Provider {
  readonly title: string;
  /** With `{region}` and `{account}` where they go; absent where the host must give `endpoint`. */
  readonly endpoint?: string;
  /** The region to sign for where none is given; absent where one must be. */
  readonly region?: string;
  readonly addressing: S3Addressing;
  /** How bodies are guarded on their way besides the signature. */
  readonly checksums: S3Checksums;
  /** The most parts of one upload. */
  readonly maxParts: number;
  readonly minPartBytes: number;
  readonly maxPartBytes: number;
  readonly maxObjectBytes: number;
  /** Whether all parts but the last must have one size. */
  readonly uniformParts: boolean;
  /** Whether objects over `maxCopyBytes` can be copied inside the service. */
  readonly multipartCopy: boolean;
  readonly maxCopyBytes: number;
  /** Keys in one request; 1 where there is no batch. */
  readonly deleteBatch: number;
  /** Copies and deletes beside each other that the service takes without complaint. */
  readonly copyConcurrency: number;
  readonly deleteConcurrency: number;
  /** What its documentation says of `If-None-Match: *`; it is probed in any case. */
  readonly conditionalPut: "documented" | "lacking" | "unknown";
  /** What to know of unfinished uploads, versions and billing. */
  readonly lifecycle: string;
  /** What else to know. */
  readonly notes: readonly string[];
  /** Where this is documented. */
  readonly source: string;
}

/** Where a bucket's name goes: into the host's name or the path. */
export type S3Addressing = "virtual-host" | "path";

/**
 * - `crc32`: the checksum headers of AWS
 * - `md5`: `Content-MD5`, which old and strict servers want
 * - `signature`: only the SHA-256 of each body that its signature covers
 */
export type S3Checksums = "crc32" | "md5" | "signature";
