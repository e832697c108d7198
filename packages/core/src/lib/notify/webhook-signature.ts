import { createHmac } from "node:crypto";
import { LifeboatError } from "@lifeboat/contracts";

const PREFIX = "whsec_";
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/** What a webhook signs with: the newest first. */
export type WebhookSecrets = readonly Buffer[];

/**
 * Reads secrets as Standard Webhooks writes them: base64 of 24 to 64 bytes, with or without `whsec_` before it.
 *
 * @throws INVALID, without quoting any
 */
export function readSecrets(secrets: string | readonly string[]): WebhookSecrets {
  const all = typeof secrets === "string" ? [secrets] : secrets;
  const read = Array.isArray(all) ? all.map(secretOf) : [];
  if (read.length > 0 && read.every((each) => each !== null)) return read;
  throw new LifeboatError({
    code: "INVALID",
    operation: "options",
    key: "webhook.secret",
    message: `Expected webhook.secret to be base64 of ${MIN_BYTES} to ${MAX_BYTES} bytes, with ${PREFIX} before it.`,
    hint: "Make one with `echo whsec_$(openssl rand -base64 32)`.",
  });
}

function secretOf(text: unknown): Buffer | null {
  if (typeof text !== "string") return null;
  const base64 = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text;
  const bytes = Buffer.from(base64, "base64");
  const isWhole = bytes.toString("base64").replace(/=+$/, "") === base64.replace(/=+$/, "");
  return isWhole && bytes.length >= MIN_BYTES && bytes.length <= MAX_BYTES ? bytes : null;
}

/** The headers of one attempt: Standard Webhooks 1.0.0, symmetric signatures, one for each secret. */
export function signatureHeaders(secrets: WebhookSecrets, id: string, now: number, body: string) {
  const timestamp = String(Math.floor(now / 1000));
  const signatures = secrets.map((secret) => {
    const mac = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
    return `v1,${mac}`;
  });
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}
