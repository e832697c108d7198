import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { S3Refusal } from "./answers.ts";

/** Whom a server knows, and where it says that it is. */
export interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  /** A session token that has expired. */
  readonly expiredToken?: string;
  /** How far the server's clock is ahead, in milliseconds. */
  readonly clockSkew?: number;
}

const SKEW_MS = 15 * 60 * 1000;

/** Verifies Signature Version 4 (docs.aws.amazon.com: "Signing AWS API requests"), and refuses as AWS does. */
export function verifySignature(request: IncomingMessage, identity: Identity): void {
  const parsed =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$/.exec(
      request.headers.authorization ?? "",
    );
  if (parsed === null) throw new S3Refusal(403, "AccessDenied", "Access Denied");
  const [, accessKey = "", day = "", region = "", signed = "", signature = ""] = parsed;
  if (accessKey !== identity.accessKeyId) {
    const message = "The AWS Access Key Id you provided does not exist in our records.";
    throw new S3Refusal(403, "InvalidAccessKeyId", message, { AWSAccessKeyId: accessKey });
  }
  if (region !== identity.region) {
    const message = `The authorization header is malformed; the region '${region}' is wrong; expecting '${identity.region}'`;
    throw new S3Refusal(400, "AuthorizationHeaderMalformed", message, { Region: identity.region });
  }
  const token = request.headers["x-amz-security-token"];
  if (identity.expiredToken !== undefined && token === identity.expiredToken) {
    throw new S3Refusal(400, "ExpiredToken", "The provided token has expired.", { "Token-0": String(token) });
  }
  const date = String(request.headers["x-amz-date"] ?? "");
  const time = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  const now = Date.now() + (identity.clockSkew ?? 0);
  if (!(Math.abs(now - time) <= SKEW_MS)) {
    const message = "The difference between the request time and the current time is too large.";
    const ServerTime = new Date(now).toISOString();
    throw new S3Refusal(403, "RequestTimeTooSkewed", message, { RequestTime: date, ServerTime });
  }

  const scope = `${day}/${region}/s3/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonicalRequest(request, signed))}`;
  let key: Buffer = Buffer.from(`AWS4${identity.secretAccessKey}`);
  for (const part of scope.split("/")) key = createHmac("sha256", key).update(part).digest();
  if (createHmac("sha256", key).update(text).digest("hex") === signature) return;
  throw new S3Refusal(
    403,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    { AWSAccessKeyId: accessKey, StringToSign: text, SignatureProvided: signature },
  );
}

function canonicalRequest(request: IncomingMessage, signed: string): string {
  const [path = "", query = ""] = (request.url ?? "").split("?");
  const pairs = query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => (pair.includes("=") ? pair : `${pair}=`))
    .sort();
  const headers = signed.split(";").map(
    (name) =>
      `${name}:${String(request.headers[name] ?? "")
        .trim()
        .replace(/ +/g, " ")}\n`,
  );
  const hash = String(request.headers["x-amz-content-sha256"] ?? "");
  return [request.method, path, pairs.join("&"), headers.join(""), signed, hash].join("\n");
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
