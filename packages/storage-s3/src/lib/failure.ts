/** What is known of a request that failed, without anything that could hold a secret. */
export interface Failure {
  /** S3's code (`AccessDenied`), the system's (`ECONNREFUSED`), or empty where there was none. */
  readonly name: string;
  /** The HTTP status; 0 where no answer came. */
  readonly status: number;
  /** The server's own words, redacted. */
  readonly message: string;
  /** For the service's support. */
  readonly requestId: string;
  /** The region that the server says is the right one. */
  readonly region: string;
}

/** Names that the SDK gives to answers without a body, which say nothing. */
const NAMELESS = /^(\d+|Unknown|UnknownError|Error|S3ServiceException|NotFound|Forbidden|BadRequest)$/;

/** Reads an error of the SDK, or of the system beneath it. `redact` takes secrets out of words. */
export function failureOf(error: unknown, redact: (words: string) => string): Failure {
  const metadata = objectIn(error, "$metadata");
  const response = objectIn(error, "$response");
  const status = numberIn(metadata, "httpStatusCode") || numberIn(response, "statusCode");
  const system = textIn(error, "code");
  const name = /^E[A-Z]|^CERT|^SELF|^DEPTH|^UNABLE|^HPE_/.test(system)
    ? system
    : textIn(error, "name") || textIn(error, "Code");
  return {
    name: NAMELESS.test(name) ? "" : name,
    status,
    message: redact(error instanceof Error ? error.message : String(error)),
    requestId: textIn(metadata, "requestId"),
    region: textIn(error, "Region") || textIn(objectIn(response, "headers"), "x-amz-bucket-region"),
  };
}

/** Takes secrets out of words; short ones would only garble them. */
export function redactor(secrets: () => readonly (string | undefined)[]): (words: string) => string {
  return (words) => {
    let clean = words;
    for (const secret of secrets()) {
      if (secret !== undefined && secret.length >= 4) clean = clean.replaceAll(secret, "[redacted]");
    }
    return clean;
  };
}

function objectIn(value: unknown, name: string): object | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const found: unknown = Reflect.get(value, name);
  return typeof found === "object" && found !== null ? found : undefined;
}

function textIn(value: unknown, name: string): string {
  if (typeof value !== "object" || value === null) return "";
  const found: unknown = Reflect.get(value, name);
  return typeof found === "string" ? found : "";
}

function numberIn(value: unknown, name: string): number {
  if (typeof value !== "object" || value === null) return 0;
  const found: unknown = Reflect.get(value, name);
  return typeof found === "number" ? found : 0;
}
