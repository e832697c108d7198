import { randomUUID } from "node:crypto";
import type { ObjectLockMode, ServerSideEncryption, StorageClass } from "@aws-sdk/client-s3";
import type { Settings } from "./options.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** The name of the mark that every put carries, by which it is known again after a lost answer. */
const MARK = "lifeboat-put";

/** What a new object is given: class, encryption, lock. */
export interface NewObjectHeaders {
  StorageClass?: StorageClass;
  ServerSideEncryption?: ServerSideEncryption;
  SSEKMSKeyId?: string;
  ObjectLockMode?: ObjectLockMode;
  ObjectLockRetainUntilDate?: Date;
}

/** For puts, uploads in parts and copies alike: a copy inherits none of these. */
export function newObjectHeaders(settings: Settings): NewObjectHeaders {
  const { objectLock } = settings.options;
  const headers = probeHeaders(settings);
  if (objectLock !== undefined) {
    headers.ObjectLockMode = objectLock.mode;
    headers.ObjectLockRetainUntilDate = new Date(Date.now() + objectLock.days * DAY_MS);
  }
  return headers;
}

/** The same without a lock, for what is deleted at once. */
export function probeHeaders({ options }: Settings): NewObjectHeaders {
  const { storageClass, encryption } = options;
  const headers: NewObjectHeaders = {};
  if (storageClass !== undefined) headers.StorageClass = storageClass as StorageClass;
  if (encryption?.type === "service") headers.ServerSideEncryption = "AES256";
  if (encryption?.type === "kms") {
    headers.ServerSideEncryption = "aws:kms";
    if (encryption.keyId !== undefined) headers.SSEKMSKeyId = encryption.keyId;
  }
  return headers;
}

/** A mark that no other put has. */
export function newMark(): string {
  return randomUUID();
}

/** The metadata that carries a mark. */
export function marked(mark: string): { Metadata: Record<string, string> } {
  return { Metadata: { [MARK]: mark } };
}

/** The mark of an object, where it has one. */
export function markIn(metadata: Readonly<Record<string, string>> | undefined): string | undefined {
  return metadata?.[MARK];
}

/** What an upload in parts needs besides, so that the checksums of its parts are taken. */
export function uploadHeaders({ checksums }: Settings): { ChecksumAlgorithm?: "CRC32" } {
  return checksums === "crc32" ? { ChecksumAlgorithm: "CRC32" } : {};
}
