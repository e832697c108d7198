import { createHash, randomUUID } from "node:crypto";
import { S3Refusal } from "./answers.ts";

/** An object as it is stored. */
export interface StoredObject {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly modified: Date;
  /** `x-amz-meta-…` and what else came with it, by header. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An upload that is under way. */
export interface StoredUpload {
  readonly id: string;
  readonly name: string;
  readonly initiated: Date;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, StoredObject>;
}

const MIN_PART = 5 * 1024 * 1024;

/** What lies in a bucket. */
export class Bucket {
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, StoredUpload>();
  /** Names that an object lock protects. */
  readonly locked = new Set<string>();

  object(name: string): StoredObject {
    const found = this.objects.get(name);
    if (found === undefined) throw new S3Refusal(404, "NoSuchKey", "The specified key does not exist.", { Key: name });
    return found;
  }

  upload(id: string): StoredUpload {
    const found = this.uploads.get(id);
    if (found !== undefined) return found;
    const message =
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
    throw new S3Refusal(404, "NoSuchUpload", message, { UploadId: id });
  }

  put(name: string, bytes: Buffer, headers: Readonly<Record<string, string>>, etag = etagOf(bytes)): StoredObject {
    const stored = { bytes, etag, modified: new Date(), headers };
    this.objects.set(name, stored);
    return stored;
  }

  begin(name: string, headers: Readonly<Record<string, string>>): StoredUpload {
    const upload = { id: randomUUID(), name, initiated: new Date(), headers, parts: new Map<number, StoredObject>() };
    this.uploads.set(upload.id, upload);
    return upload;
  }

  complete(upload: StoredUpload, wanted: readonly { number: number; etag: string }[]): StoredObject {
    const parts = wanted.map(({ number, etag }) => {
      const part = upload.parts.get(number);
      if (part !== undefined && part.etag === etag) return part;
      throw new S3Refusal(400, "InvalidPart", "One or more of the specified parts could not be found.");
    });
    if (parts.slice(0, -1).some(({ bytes }) => bytes.length < MIN_PART)) {
      throw new S3Refusal(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
    }
    const digests = parts.map(({ etag }) => Buffer.from(etag.replaceAll('"', ""), "hex"));
    const etag = `"${createHash("md5").update(Buffer.concat(digests)).digest("hex")}-${parts.length}"`;
    this.uploads.delete(upload.id);
    return this.put(upload.name, Buffer.concat(parts.map(({ bytes }) => bytes)), upload.headers, etag);
  }

  delete(name: string): void {
    if (this.locked.has(name)) {
      throw new S3Refusal(403, "AccessDenied", "Access Denied because object protected by object lock.");
    }
    this.objects.delete(name);
  }
}

export function etagOf(bytes: Uint8Array): string {
  return `"${createHash("md5").update(bytes).digest("hex")}"`;
}
