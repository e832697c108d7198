import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { crc32 } from "node:zlib";
import { S3Refusal } from "./answers.ts";
import { sha256 } from "./signature.ts";

/**
 * The body of a request, after every check that AWS makes: the hash that was
 * signed, `Content-MD5`, CRC32 in a header or, with `aws-chunked` framing, in the
 * trailer. `null` where the connection broke before its end.
 */
export async function receive(request: IncomingMessage): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of request) pieces.push(piece as Buffer);
  } catch {
    return null; // nobody is there any more to be answered
  }
  const raw = Buffer.concat(pieces);
  const signed = String(request.headers["x-amz-content-sha256"] ?? "");
  const trailers = new Map<string, string>();
  const body = signed.startsWith("STREAMING-") ? unframed(raw, trailers) : raw;
  if (/^[0-9a-f]{64}$/.test(signed) && sha256(body) !== signed) {
    throw new S3Refusal(
      400,
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  const expectedMd5 = request.headers["content-md5"];
  if (expectedMd5 !== undefined && createHash("md5").update(body).digest("base64") !== expectedMd5) throw badDigest();
  const expectedCrc = trailers.get("x-amz-checksum-crc32") ?? request.headers["x-amz-checksum-crc32"];
  if (expectedCrc !== undefined && crc32Of(body) !== expectedCrc) throw badDigest();
  return body;
}

/** CRC32 as S3 writes it. */
export function crc32Of(bytes: Uint8Array): string {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(bytes));
  return checksum.toString("base64");
}

/** Takes the `aws-chunked` framing off: `size[;chunk-signature=…]\r\n bytes \r\n … 0\r\n trailers`. */
function unframed(raw: Buffer, trailers: Map<string, string>): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = raw.indexOf("\r\n", at);
    if (end < 0) throw incomplete();
    const size = Number.parseInt(raw.toString("latin1", at, end), 16);
    at = end + 2;
    if (size === 0) {
      for (const line of raw.toString("latin1", at).split("\r\n")) {
        const [name = "", value] = line.split(/:(.*)/s);
        if (value !== undefined) trailers.set(name.toLowerCase(), value.trim());
      }
      return Buffer.concat(chunks);
    }
    if (!(size > 0) || at + size + 2 > raw.length) throw incomplete();
    chunks.push(raw.subarray(at, at + size));
    at += size + 2;
  }
}

function badDigest(): S3Refusal {
  return new S3Refusal(
    400,
    "BadDigest",
    "The Content-MD5 or checksum value that you specified did not match what the server received.",
  );
}

function incomplete(): S3Refusal {
  return new S3Refusal(400, "IncompleteBody", "The request body terminated unexpectedly.");
}
