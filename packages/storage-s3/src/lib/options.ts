import type { S3Client } from "@aws-sdk/client-s3";
import { assertKey, LifeboatError } from "@lifeboat/contracts";
import { type PartSizes, partSizes } from "./part-sizes.ts";
import type { S3Addressing, S3Checksums, S3Provider } from "./provider.ts";
import { type S3ProviderName, s3Providers } from "./providers.ts";

/** A pair of keys, and the token of a session where they are temporary. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When they end; a function that gives them is asked again before. */
  readonly expiration?: Date;
}

/**
 * How the service encrypts what it stores, beside Lifeboat's own encryption.
 * - `service`: with keys of its own (SSE-S3)
 * - `kms`: with a key of its key service (SSE-KMS), the account's default one where none is named
 */
export type S3Encryption = { readonly type: "service" } | { readonly type: "kms"; readonly keyId?: string };

/** Each new object is locked against changes for some days. The bucket must have been made with object lock. */
export interface S3ObjectLock {
  readonly mode: "GOVERNANCE" | "COMPLIANCE";
  readonly days: number;
}

/** Options of {@link s3Storage}. */
export interface S3StorageOptions {
  readonly bucket: string;
  /** Everything lies beneath this folder of the bucket. Default: none, the whole bucket. */
  readonly prefix?: string;
  /** Whose peculiarities apply. Default: `aws`, or `other` where an `endpoint` is given. */
  readonly provider?: S3ProviderName;
  /** Default: the provider's only one, or what the AWS configuration says. */
  readonly region?: string;
  /** Scheme, host and port. Default: the provider's, for the region and account. */
  readonly endpoint?: string;
  /** The account's part of the endpoint, for providers that have one (Cloudflare R2). */
  readonly account?: string;
  /** Default: the AWS SDK's chain (environment, shared configuration, the machine's role). */
  readonly credentials?: S3Credentials | (() => Promise<S3Credentials>);
  /** A ready client, used instead of `endpoint`, `credentials`, `tls` and the time limits; the storage never closes it. */
  readonly client?: S3Client;
  /** For messages. Default: `s3://<bucket>/<prefix>`. */
  readonly name?: string;
  /** Default: the provider's. */
  readonly addressing?: S3Addressing;
  /** Default: the provider's. */
  readonly checksums?: S3Checksums;
  /** Size of an upload's first parts, in bytes. Default: 8 MiB. Later parts of huge objects are larger. */
  readonly partBytes?: number;
  /** Parts on their way at once, over all puts. Default: 8. */
  readonly uploadConcurrency?: number;
  /** Ranges on their way at once, over all reads. Default: 6. */
  readonly downloadConcurrency?: number;
  /** Copies, or parts of one, at once. Default: the provider's. */
  readonly copyConcurrency?: number;
  /** Milliseconds until a connection must stand. Default: 5,000. */
  readonly connectTimeout?: number;
  /** Milliseconds of silence after which a request is given up. Default: 30,000. There is no limit on the whole. */
  readonly idleTimeout?: number;
  /** Milliseconds from a request's first failure during which it is tried again. Default: 30,000. */
  readonly retryTime?: number;
  /** Such as `STANDARD_IA`. Default: the bucket's. Archive classes can't be read back at once. */
  readonly storageClass?: string;
  readonly encryption?: S3Encryption;
  readonly objectLock?: S3ObjectLock;
  /** For servers with certificates of their own making. */
  readonly tls?: {
    /** Certificates to trust, in PEM. */
    readonly ca?: string | Uint8Array;
    /** Trusts whatever certificate the server shows. Whoever sits on the line can then read and change everything. */
    readonly insecure?: boolean;
  };
}

/** Options with nothing left open. */
export interface Settings {
  readonly options: S3StorageOptions;
  readonly provider: S3Provider;
  readonly name: string;
  readonly bucket: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
  readonly region: string | undefined;
  /** `undefined` for the SDK's own. */
  readonly endpoint: string | undefined;
  readonly addressing: S3Addressing;
  readonly checksums: S3Checksums;
  readonly sizes: PartSizes;
  readonly partBytes: number;
  readonly uploadConcurrency: number;
  readonly downloadConcurrency: number;
  readonly copyConcurrency: number;
  readonly connectTimeout: number;
  readonly idleTimeout: number;
  readonly retryTime: number;
}

const MIB = 1024 * 1024;

/** @throws INVALID */
export function settingsOf(options: S3StorageOptions): Settings {
  const provider: S3Provider = s3Providers[options.provider ?? (options.endpoint === undefined ? "aws" : "other")];
  const prefix = prefixOf(options.prefix);
  const partBytes = options.partBytes ?? Math.max(8 * MIB, provider.minPartBytes);
  within("partBytes", partBytes, provider.minPartBytes, Math.min(provider.maxPartBytes, 1024 * MIB));
  if (options.bucket === "" || /[/?#\s]/.test(options.bucket))
    throw invalid("bucket", "the name of a bucket", options.bucket);
  const checksums = options.checksums ?? provider.checksums;
  return {
    options,
    provider,
    name: options.name ?? `s3://${options.bucket}/${prefix}`,
    bucket: options.bucket,
    prefix,
    region: options.region ?? provider.region,
    endpoint: options.client === undefined ? endpointOf(options, provider) : undefined,
    addressing: options.addressing ?? provider.addressing,
    // A bucket with object lock takes only bodies that carry a checksum.
    checksums: options.objectLock !== undefined && checksums === "signature" ? "md5" : checksums,
    sizes: partSizes({ partBytes, ...provider, uniform: provider.uniformParts }),
    partBytes,
    uploadConcurrency: within("uploadConcurrency", options.uploadConcurrency ?? 8, 1, 256),
    downloadConcurrency: within("downloadConcurrency", options.downloadConcurrency ?? 6, 1, 256),
    copyConcurrency: within("copyConcurrency", options.copyConcurrency ?? provider.copyConcurrency, 1, 256),
    connectTimeout: within("connectTimeout", options.connectTimeout ?? 5000, 1, 3_600_000),
    idleTimeout: within("idleTimeout", options.idleTimeout ?? 30_000, 1, 3_600_000),
    retryTime: within("retryTime", options.retryTime ?? 30_000, 0, 86_400_000),
  };
}

function prefixOf(prefix = ""): string {
  const trimmed = prefix.replace(/\/+$/, "");
  if (trimmed === "") return "";
  assertKey(trimmed, "storage.open", 512);
  return `${trimmed}/`;
}

function endpointOf(options: S3StorageOptions, provider: S3Provider): string | undefined {
  const { endpoint = provider.endpoint, region = provider.region, account } = options;
  if (endpoint === undefined) {
    if (provider === s3Providers.aws) return undefined;
    throw invalid("endpoint", `the address of ${provider.title}, such as https://s3.example.org`, "none");
  }
  if (endpoint.includes("{region}") && region === undefined)
    throw invalid("region", `a region of ${provider.title}`, "none");
  if (endpoint.includes("{account}") && account === undefined)
    throw invalid("account", `the account's ID at ${provider.title}`, "none");
  const filled = endpoint.replaceAll("{region}", region ?? "").replaceAll("{account}", account ?? "");
  if (!URL.canParse(filled)) throw invalid("endpoint", "a URL such as https://s3.example.org", filled);
  const url = new URL(filled);
  if (url.username !== "" || url.password !== "") {
    throw invalid("endpoint", "a URL without credentials; give them as `credentials`", url.host);
  }
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw invalid("endpoint", "an http or https URL", url.protocol);
  return filled.replace(/\/+$/, "");
}

function within(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(name, `a whole number from ${least} to ${most}`, String(value));
}

function invalid(name: string, expected: string, found: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "storage.open",
    message: `Expected \`${name}\` to be ${expected}, found ${JSON.stringify(found)}.`,
  });
}
