import { type ErrorCode, LifeboatError } from "@lifeboat/contracts";
import type { Failure } from "./failure.ts";
import { remedyOf } from "./patience.ts";

/** What a request was about, for messages. */
export interface Asked {
  /** `storage.put` */
  readonly operation: string;
  readonly key?: string | undefined;
  /** The right that the request needs: `s3:PutObject`. */
  readonly right: string;
  /** Whether its success makes an object visible. */
  readonly commits?: boolean;
}

/** Where the requests go, for messages. */
export interface Where {
  readonly bucket: string;
  readonly region: string;
  /** Scheme, host and port. */
  readonly endpoint: string;
  readonly idleTimeout: number;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly says: string;
  /** Docs: `LifeboatError.reason`. */
  readonly reason?: string;
  readonly hint?: string;
  readonly retryable?: boolean;
}

type Explain = (failure: Failure, asked: Asked, where: Where) => Meaning;

const MEANINGS: readonly { readonly names: readonly string[]; readonly explain: Explain }[] = [
  { names: ["SignatureDoesNotMatch"], explain: () => WRONG_SECRET },
  { names: ["InvalidAccessKeyId", "InvalidAccessKey", "NotSignedUp"], explain: () => WRONG_ACCESS_KEY },
  {
    names: ["ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired"],
    explain: () => EXPIRED,
  },
  { names: ["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"], explain: () => CLOCK },
  { names: ["CredentialsProviderError", "TokenProviderError"], explain: () => NO_CREDENTIALS },
  {
    names: [
      "PermanentRedirect",
      "TemporaryRedirect",
      "AuthorizationHeaderMalformed",
      "IllegalLocationConstraintException",
      "InvalidRegionName",
      "InvalidRegion",
    ],
    explain: wrongRegion,
  },
  { names: ["NoSuchBucket"], explain: noBucket },
  { names: ["InvalidBucketName"], explain: noBucket },
  { names: ["NoSuchKey"], explain: () => ({ code: "NOT_FOUND", says: "there is no such object" }) },
  { names: ["NoSuchUpload"], explain: () => UPLOAD_GONE },
  { names: ["InvalidObjectState"], explain: () => ARCHIVED },
  { names: ["BadDigest", "InvalidDigest", "IncompleteBody", "XAmzContentSHA256Mismatch"], explain: () => DAMAGED },
  {
    names: ["QuotaExceeded", "InsufficientCapacity", "XMinioStorageFull", "StorageQuotaExceeded", "BucketAlreadyFull"],
    explain: () => FULL,
  },
  { names: ["EntityTooLarge"], explain: () => TOO_LARGE },
  { names: ["NotImplemented", "MethodNotAllowed"], explain: (_, asked) => lacking(asked) },
  { names: ["TimeoutError", "ETIMEDOUT", "ESOCKETTIMEDOUT"], explain: silent },
  { names: ["ENOTFOUND", "EAI_AGAIN"], explain: nameless },
  { names: ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN"], explain: refused },
];

const WRONG_SECRET: Meaning = {
  code: "UNAUTHENTICATED",
  reason: "wrong-secret",
  says: "the server refused the signature: the secret access key does not belong to the access key",
  hint: "Copy the secret access key again, whole and without spaces, or make a new pair of keys.",
};
const WRONG_ACCESS_KEY: Meaning = {
  code: "UNAUTHENTICATED",
  reason: "unknown-access-key",
  says: "the server does not know this access key",
  hint: "Check the access key ID, that it has not been deleted or disabled, and that it belongs to this service and endpoint.",
};
const EXPIRED: Meaning = {
  code: "UNAUTHENTICATED",
  reason: "expired-credentials",
  says: "the credentials have expired, or their session token is not valid",
  hint: "Get fresh credentials, or give `credentials` as a function, which is asked again before they expire.",
};
const CLOCK: Meaning = {
  code: "UNAUTHENTICATED",
  reason: "clock-skew",
  says: "the clock of this machine differs too much from the server's",
  hint: "Set this machine's clock (with NTP): requests that are signed more than 15 minutes off are refused.",
};
const NO_CREDENTIALS: Meaning = {
  code: "UNAUTHENTICATED",
  reason: "no-credentials",
  says: "no credentials were found, neither given nor in the environment, the AWS configuration or the machine's role",
  hint: "Give `credentials`, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
};
const UPLOAD_GONE: Meaning = {
  code: "CONFLICT",
  says: "the upload was aborted from elsewhere while it ran",
  hint: "Check that no lifecycle rule or sweep aborts uploads that are younger than the longest backup takes.",
  retryable: true,
};
const ARCHIVED: Meaning = {
  code: "UNSUPPORTED",
  says: "the object lies in an archive class and cannot be read before it is restored there",
  hint: "Restore the object to a readable class first, and keep backups out of archive classes by the bucket's lifecycle rules.",
};
const DAMAGED: Meaning = {
  code: "CORRUPT",
  says: "the bytes that arrived were not those that were sent, several times over",
  hint: "Check the network and any proxy between here and the server.",
  retryable: true,
};
const FULL: Meaning = {
  code: "NO_SPACE",
  says: "the server or the account has no room left",
  hint: "Delete old backups, raise the quota, or add room to the server.",
};
const TOO_LARGE: Meaning = {
  code: "INVALID",
  says: "the object or part is larger than this service takes",
  hint: "Choose the right `provider` preset, or smaller parts.",
};

/** A failed request as a LifeboatError, coded by cause. */
export function explain(failure: Failure, asked: Asked, where: Where): LifeboatError {
  const { code, says, reason, hint, retryable } = meaningOf(failure, asked, where);
  const what = asked.key === undefined ? asked.operation : `${asked.operation} of ${JSON.stringify(asked.key)}`;
  return new LifeboatError({
    code,
    operation: asked.operation,
    reason,
    key: asked.key,
    message: `${what} in bucket ${JSON.stringify(where.bucket)} at ${where.endpoint} failed: ${says}${facts(failure)}.`,
    hint,
    retryable,
    cause: causeOf(failure),
  });
}

function facts({ name, status }: Failure): string {
  const known = [name, status === 0 ? "" : `HTTP ${status}`].filter((fact) => fact !== "");
  return known.length === 0 ? "" : ` (${known.join(", ")})`;
}

/** The SDK's own error may hold what was signed, so it is not handed on. */
function causeOf({ name, message, requestId }: Failure): Error {
  const cause = new Error(requestId === "" ? message : `${message} (request ${requestId})`);
  if (name !== "") cause.name = name;
  return cause;
}

function meaningOf(failure: Failure, asked: Asked, where: Where): Meaning {
  const { name, status, message } = failure;
  if (status === 403 && /object.?lock|retention|legal hold|WORM|compliance/i.test(message)) return locked(asked);
  const known = MEANINGS.find(({ names }) => names.includes(name));
  if (known !== undefined) return known.explain(failure, asked, where);
  if (/^(CERT|SELF|DEPTH|UNABLE)|ERR_TLS|ERR_SSL|^EPROTO$/.test(name)) return badCertificate(where);
  if (status === 401) return WRONG_ACCESS_KEY;
  if (status === 403) return denied(asked, where);
  if (status === 404) return { code: "NOT_FOUND", says: "there is nothing" };
  if (status === 301 || status === 307) return wrongRegion(failure, asked, where);
  if (remedyOf(failure) === "busy") return slowDown;
  if (status === 501 || status === 405) return lacking(asked);
  if (status === 507) return FULL;
  if (status === 409 || status === 412)
    return { code: "CONFLICT", says: "the object is not what it was", retryable: true };
  if (status >= 500) return { code: "UNREACHABLE", says: `the server failed: ${message}`, retryable: true };
  if (status >= 300) return { code: "INVALID", says: `the server refused the request: ${message}` };
  return {
    code: "UNREACHABLE",
    says: "the connection broke",
    retryable: true,
    hint: "Check the network, then try again.",
  };
}

const slowDown: Meaning = {
  code: "RATE_LIMITED",
  says: "the server asks to slow down, and still did after several pauses",
  hint: "Do less at once: lower the storage's concurrency, spread the plans' times, or ask the service for a higher limit.",
  retryable: true,
};

function denied({ operation, right, key }: Asked, { bucket }: Where): Meaning {
  const absent =
    operation === "storage.stat" || operation === "storage.get"
      ? " Without s3:ListBucket, an object that is absent is refused in the same way."
      : "";
  const on = key === undefined ? `on bucket ${bucket}` : `on ${bucket}/${key}`;
  return {
    code: "PERMISSION_DENIED",
    says: `the key lacks ${right}`,
    hint: `Allow ${right} ${on} in the policy of the access key, and look for a bucket policy that denies it.${absent}`,
  };
}

function locked({ operation }: Asked): Meaning {
  return {
    code: "PERMISSION_DENIED",
    reason: "object-lock",
    says: "an object lock protects the object",
    hint:
      operation === "storage.delete"
        ? "Wait until its retention ends; what is still locked can be deleted by a later prune."
        : "The object is locked against changes until its retention ends; use another key.",
  };
}

function wrongRegion({ region }: Failure, _: Asked, where: Where): Meaning {
  const right = region === "" ? "the region that the service shows for the bucket" : JSON.stringify(region);
  return {
    code: "INVALID",
    reason: "wrong-region",
    says: `the bucket is not in region ${JSON.stringify(where.region)}`,
    hint: `Set \`region\` to ${right}, and the endpoint to that region's.`,
  };
}

function noBucket(_: Failure, __: Asked, { bucket, endpoint }: Where): Meaning {
  return {
    code: "INVALID",
    reason: "no-bucket",
    says: "there is no such bucket",
    hint: `Create the bucket ${JSON.stringify(bucket)} at ${endpoint}, or correct \`bucket\`, \`endpoint\` and \`region\`.`,
  };
}

function lacking({ right }: Asked): Meaning {
  return {
    code: "UNSUPPORTED",
    says: `the server does not implement this request (${right})`,
    hint: "Choose the right `provider` preset; it knows what the service lacks.",
  };
}

function silent(_: Failure, __: Asked, { idleTimeout }: Where): Meaning {
  return {
    code: "TIMEOUT",
    says: `no connection came about, or the server stayed silent for ${idleTimeout / 1000} s`,
    hint: "Check the network and any firewall; raise `idleTimeout` where the server is known to be slow.",
    retryable: true,
  };
}

function nameless({ name }: Failure, _: Asked, { endpoint }: Where): Meaning {
  return {
    code: "UNREACHABLE",
    reason: "unknown-host",
    says: "the host's name does not resolve",
    hint: `Check \`endpoint\` (${endpoint}), \`region\` and the name server; where buckets have no names of their own, set \`addressing: "path"\`.`,
    retryable: name === "EAI_AGAIN",
  };
}

function refused(_: Failure, __: Asked, { endpoint }: Where): Meaning {
  return {
    code: "UNREACHABLE",
    says: "nothing answers there",
    hint: `Check that the server at ${endpoint} is up, and the port and firewall.`,
    retryable: true,
  };
}

function badCertificate({ endpoint }: Where): Meaning {
  return {
    code: "UNREACHABLE",
    reason: "untrusted-certificate",
    says: "the server's certificate is not trusted, or it does not speak TLS",
    hint: `If ${endpoint} has a certificate of its own making, give the certificate of who signed it as \`tls.ca\`.`,
  };
}
