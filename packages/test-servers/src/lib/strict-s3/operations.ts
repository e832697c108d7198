import type { IncomingHttpHeaders } from "node:http";
import { type Answer, S3Refusal, textsIn, xml } from "./answers.ts";
import { crc32Of } from "./body.ts";
import { Bucket, etagOf, type StoredObject } from "./bucket.ts";

/** A request, taken apart. */
export interface Request {
  readonly method: string;
  readonly bucket: string;
  /** Empty where the bucket itself is meant. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** How a server differs from AWS. */
export interface Habits {
  /** `honour` as AWS; `ignore` overwrites; `refuse` answers 501. Default: `honour`. */
  readonly conditionalPut?: "honour" | "ignore" | "refuse";
  /** The same for the end of an upload in parts. Default: as `conditionalPut`. */
  readonly conditionalComplete?: "honour" | "ignore" | "refuse";
  /** Whether batch deletes must carry `Content-MD5`, as before AWS had checksums. Default: `false`. */
  readonly wantsMd5?: boolean;
  /** Whether there are batch deletes. Default: `true`. */
  readonly batchDelete?: boolean;
  /** The largest object that is copied in one request, in bytes. Default: 5 GiB. */
  readonly maxCopyBytes?: number;
  /** Entries in one page of a listing. Default: 1,000. */
  readonly page?: number;
  /** Whether pages of a listing go on as in version 1 of that request, whatever was asked for. Default: `false`. */
  readonly oldListings?: boolean;
}

/** What a request is called in the API, and the right that it needs. */
export function operationOf({ method, name, query, headers }: Omit<Request, "body">): {
  operation: string;
  right: string;
} {
  const copying = headers["x-amz-copy-source"] !== undefined;
  if (name === "") {
    if (method === "HEAD") return { operation: "HeadBucket", right: "s3:ListBucket" };
    if (method === "PUT") return { operation: "CreateBucket", right: "s3:CreateBucket" };
    if (query.has("delete")) return { operation: "DeleteObjects", right: "s3:DeleteObject" };
    if (query.has("uploads")) return { operation: "ListMultipartUploads", right: "s3:ListBucketMultipartUploads" };
    return { operation: "ListObjectsV2", right: "s3:ListBucket" };
  }
  if (method === "POST" && query.has("uploads")) return { operation: "CreateMultipartUpload", right: "s3:PutObject" };
  if (method === "POST") return { operation: "CompleteMultipartUpload", right: "s3:PutObject" };
  if (method === "PUT" && query.has("uploadId")) {
    return { operation: copying ? "UploadPartCopy" : "UploadPart", right: "s3:PutObject" };
  }
  if (method === "PUT") return { operation: copying ? "CopyObject" : "PutObject", right: "s3:PutObject" };
  if (method === "DELETE" && query.has("uploadId")) {
    return { operation: "AbortMultipartUpload", right: "s3:AbortMultipartUpload" };
  }
  if (method === "DELETE") return { operation: "DeleteObject", right: "s3:DeleteObject" };
  return { operation: method === "HEAD" ? "HeadObject" : "GetObject", right: "s3:GetObject" };
}

type Operation = (bucket: Bucket, request: Request, habits: Habits, buckets: Map<string, Bucket>) => Answer;

/** What each operation does. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  CreateBucket: (_, { bucket }, __, buckets) => {
    if (!buckets.has(bucket)) buckets.set(bucket, new Bucket());
    return { status: 200 };
  },
  HeadBucket: () => ({ status: 200 }),
  ListObjectsV2: listObjects,
  ListMultipartUploads: listUploads,
  DeleteObjects: deleteObjects,
  PutObject(bucket, { name, headers, body }, habits) {
    assertCondition(bucket, name, headers, habits.conditionalPut ?? "honour");
    const { etag } = bucket.put(name, body, kept(headers));
    return { status: 200, headers: { etag, "x-amz-checksum-crc32": crc32Of(body) } };
  },
  CopyObject(bucket, request, { maxCopyBytes = 5 * 1024 ** 3 }) {
    const source = sourceOf(bucket, request);
    if (source.bytes.length > maxCopyBytes) {
      const message = `The specified copy source is larger than the maximum allowable size for a copy source: ${maxCopyBytes}`;
      throw new S3Refusal(400, "InvalidRequest", message);
    }
    const { etag, modified } = bucket.put(request.name, source.bytes, { ...source.headers, ...kept(request.headers) });
    return document("CopyObjectResult", { ETag: etag, LastModified: modified.toISOString() });
  },
  GetObject: (bucket, { name, headers }) => sent(bucket.object(name), headers),
  HeadObject(bucket, { name }) {
    const { bytes, etag, modified, headers } = bucket.object(name);
    const length = String(bytes.length);
    return {
      status: 200,
      headers: { ...headers, etag, "last-modified": modified.toUTCString(), "content-length": length },
    };
  },
  DeleteObject(bucket, { name }) {
    bucket.delete(name);
    return { status: 204 };
  },
  CreateMultipartUpload(bucket, request) {
    const { id } = bucket.begin(request.name, kept(request.headers));
    return document("InitiateMultipartUploadResult", { Bucket: request.bucket, Key: request.name, UploadId: id });
  },
  UploadPart(bucket, { query, body }) {
    const etag = etagOf(body);
    const part = { bytes: body, etag, modified: new Date(), headers: {} };
    bucket.upload(query.get("uploadId") ?? "").parts.set(Number(query.get("partNumber")), part);
    return { status: 200, headers: { etag, "x-amz-checksum-crc32": crc32Of(body) } };
  },
  UploadPartCopy(bucket, request) {
    const source = sourceOf(bucket, request);
    const [, from = 0, to = 0] = /^bytes=(\d+)-(\d+)$/.exec(String(request.headers["x-amz-copy-source-range"])) ?? [];
    const bytes = source.bytes.subarray(Number(from), Number(to) + 1);
    const part = { bytes, etag: etagOf(bytes), modified: new Date(), headers: {} };
    bucket.upload(request.query.get("uploadId") ?? "").parts.set(Number(request.query.get("partNumber")), part);
    return document("CopyPartResult", { ETag: part.etag });
  },
  CompleteMultipartUpload(bucket, { bucket: Bucket, name, query, headers, body }, habits) {
    const upload = bucket.upload(query.get("uploadId") ?? "");
    assertCondition(bucket, name, headers, habits.conditionalComplete ?? habits.conditionalPut ?? "honour");
    const etags = textsIn(body.toString(), "ETag");
    const numbers = textsIn(body.toString(), "PartNumber");
    const parts = numbers.map((number, index) => ({ number: Number(number), etag: etags[index] ?? "" }));
    return document("CompleteMultipartUploadResult", { Bucket, Key: name, ETag: bucket.complete(upload, parts).etag });
  },
  AbortMultipartUpload(bucket, { query }) {
    bucket.uploads.delete(bucket.upload(query.get("uploadId") ?? "").id);
    return { status: 204 };
  },
};

function document(name: string, content: Parameters<typeof xml>[1]): Answer {
  return { status: 200, headers: { "content-type": "application/xml" }, body: xml(name, content) };
}

function kept(headers: IncomingHttpHeaders): Record<string, string> {
  const entries = Object.entries(headers).filter(([name]) =>
    /^x-amz-(meta-|storage-class|server-side-encryption|object-lock)/.test(name),
  );
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function assertCondition(
  bucket: Bucket,
  name: string,
  headers: IncomingHttpHeaders,
  habit: "honour" | "ignore" | "refuse",
): void {
  if (headers["if-none-match"] !== "*" || habit === "ignore") return;
  if (habit === "refuse") {
    throw new S3Refusal(501, "NotImplemented", "A header you provided implies functionality that is not implemented.", {
      Header: "If-None-Match",
    });
  }
  if (!bucket.objects.has(name)) return;
  const message = "At least one of the pre-conditions you specified did not hold";
  throw new S3Refusal(412, "PreconditionFailed", message, { Condition: "If-None-Match" });
}

function sourceOf(bucket: Bucket, { headers }: Request): StoredObject {
  const [, name = ""] = /^\/?[^/]+\/(.*)$/s.exec(decodeURIComponent(String(headers["x-amz-copy-source"]))) ?? [];
  const source = bucket.object(name);
  const etag = headers["x-amz-copy-source-if-match"];
  if (etag === undefined || etag === source.etag) return source;
  throw new S3Refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
}

function sent({ bytes, etag, modified, headers: stored }: StoredObject, { range }: IncomingHttpHeaders): Answer {
  const headers = { ...stored, etag, "last-modified": modified.toUTCString(), "accept-ranges": "bytes" };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
  if (from === undefined) return { status: 200, headers, body: bytes };
  const start = Number(from);
  const end = Math.min(to === "" ? Number.POSITIVE_INFINITY : Number(to), bytes.length - 1);
  if (start > end) throw new S3Refusal(416, "InvalidRange", "The requested range is not satisfiable");
  const span = `bytes ${start}-${end}/${bytes.length}`;
  return { status: 206, headers: { ...headers, "content-range": span }, body: bytes.subarray(start, end + 1) };
}

function listObjects(
  bucket: Bucket,
  { bucket: Name, query }: Request,
  { page = 1000, oldListings = false }: Habits,
): Answer {
  const after = query.get("continuation-token") ?? "";
  const names = [...bucket.objects.keys()]
    .sort()
    .filter((name) => name.startsWith(query.get("prefix") ?? "") && name > after);
  const shown = names.slice(0, page);
  const Contents = shown.map((Key) => {
    const { bytes, etag, modified } = bucket.object(Key);
    return {
      Key,
      LastModified: modified.toISOString(),
      ETag: etag,
      Size: String(bytes.length),
      StorageClass: "STANDARD",
    };
  });
  const more = names.length > shown.length;
  const next = more ? { [oldListings ? "NextMarker" : "NextContinuationToken"]: shown.at(-1) ?? "" } : {};
  return document("ListBucketResult", {
    Name,
    KeyCount: String(shown.length),
    IsTruncated: String(more),
    ...next,
    Contents,
  });
}

function listUploads(bucket: Bucket, { query }: Request, { page = 1000 }: Habits): Answer {
  const after = `${query.get("key-marker") ?? ""}\0${query.get("upload-id-marker") ?? ""}`;
  const uploads = [...bucket.uploads.values()]
    .map((upload) => ({ upload, place: `${upload.name}\0${upload.id}` }))
    .filter(
      ({ upload, place }) => upload.name.startsWith(query.get("prefix") ?? "") && (after === "\0" || place > after),
    )
    .sort((one, other) => (one.place < other.place ? -1 : 1));
  const shown = uploads.slice(0, page);
  const last = shown.at(-1)?.upload;
  const more = uploads.length > shown.length;
  const next = more && last !== undefined ? { NextKeyMarker: last.name, NextUploadIdMarker: last.id } : {};
  const Upload = shown.map(({ upload: { name, id, initiated } }) => ({
    Key: name,
    UploadId: id,
    Initiated: initiated.toISOString(),
  }));
  return document("ListMultipartUploadsResult", { IsTruncated: String(more), ...next, Upload });
}

function deleteObjects(
  bucket: Bucket,
  { headers, body }: Request,
  { wantsMd5 = false, batchDelete = true }: Habits,
): Answer {
  if (!batchDelete)
    throw new S3Refusal(501, "NotImplemented", "A header you provided implies functionality that is not implemented.");
  const guarded = headers["content-md5"] !== undefined || (!wantsMd5 && headers["x-amz-checksum-crc32"] !== undefined);
  if (!guarded) throw new S3Refusal(400, "InvalidRequest", "Missing required header for this request: Content-MD5");
  const names = textsIn(body.toString(), "Key");
  if (names.length > 1000 || names.length === 0) {
    throw new S3Refusal(
      400,
      "MalformedXML",
      "The XML you provided was not well-formed or did not validate against our published schema",
    );
  }
  const errors: { Key: string; Code: string; Message: string }[] = [];
  for (const name of names) {
    try {
      bucket.delete(name);
    } catch (error) {
      if (!(error instanceof S3Refusal)) throw error;
      errors.push({ Key: name, Code: error.code, Message: error.message });
    }
  }
  return document("DeleteResult", { Error: errors });
}
