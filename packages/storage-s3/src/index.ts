export type { S3Credentials, S3Encryption, S3ObjectLock, S3StorageOptions } from "./lib/options.ts";
export type { S3Addressing, S3Checksums, S3Provider } from "./lib/provider.ts";
export { type S3ProviderName, s3Providers } from "./lib/providers.ts";
export { type S3Storage, s3Storage } from "./lib/s3.ts";
