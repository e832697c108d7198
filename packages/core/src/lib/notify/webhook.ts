import { LifeboatError } from "@lifeboat/contracts";
import { type Failure, send } from "./http.ts";
import type { Deliverer, DeliveryContext, Notification } from "./notify-types.ts";
import { requestTarget } from "./target.ts";
import { readSecrets, signatureHeaders } from "./webhook-signature.ts";

/** Options of {@link webhook}. */
export interface WebhookOptions {
  /** Where to. What it holds shows in no message but for the host. */
  readonly url: string;
  /**
   * What it signs with: `whsec_` and base64 of 24 to 64 random bytes. Several, the newest first, while receivers learn
   * of a new one.
   */
  readonly secret: string | readonly string[];
  /** Which notifications are sent. Default: all. */
  readonly types?: readonly Notification["type"][] | undefined;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** How long one attempt may take. */
const LIMIT_MS = 15 * SECOND_MS;
/** After each failure; afterwards it is given up. */
const PAUSES_MS = [5 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 10 * HOUR_MS];
/** Pauses are longer by up to so much, so that many senders don't come at once. */
const JITTER = 0.2;
const LONGEST_MS = 24 * HOUR_MS;

/**
 * Sends notifications to a URL, as Standard Webhooks 1.0.0 says: a POST of JSON, `{ type: "backup.failed", timestamp,
 * data }`, whose headers `webhook-id`, `webhook-timestamp` and `webhook-signature` (HMAC-SHA-256) show that it is
 * genuine and not sent again by somebody else. The id stays the same when it is sent again.
 *
 * An attempt takes 15 s at most. What can't be reached or answers 408, 429 or 5xx is asked again after 5 s, 5 min,
 * 30 min, 2 h, 5 h and 10 h, or as it says itself; other answers are final. Redirects are not followed. After 410
 * (Gone) nothing more is sent.
 *
 * @throws INVALID for a URL or secret that is none
 */
export function webhook({ url, secret, types }: WebhookOptions): Deliverer {
  const target = requestTarget(url, "webhook.url");
  const secrets = readSecrets(secret);
  let gone = false;

  function attempt(id: string, body: string, { clock, signal }: DeliveryContext): Promise<Failure | null> {
    const headers = { "content-type": "application/json", "user-agent": "Lifeboat" };
    const signed = { ...headers, ...signatureHeaders(secrets, id, clock.now(), body) };
    const request = { operation: "webhook", target, method: "POST", limitMs: LIMIT_MS } as const;
    return send({ ...request, headers: signed, body, clock, signal });
  }

  return async (notification, context) => {
    if (types !== undefined && !types.includes(notification.type)) return;
    if (gone) throw noMore(target.origin);
    const body = JSON.stringify(payload(notification));
    for (let n = 0; ; n++) {
      const failure = await attempt(notification.id, body, context);
      if (failure === null) return;
      gone ||= failure.status === 410;
      if (gone) throw noMore(target.origin);
      const wait = PAUSES_MS[n];
      if (wait === undefined || !failure.passing) throw failure.error;
      const asked = Math.min(LONGEST_MS, failure.retryAfterMs ?? 0);
      const jitter = 1 + JITTER * share(notification.id, n);
      await context.pause(Math.max(asked, wait * jitter));
    }
  };
}

function payload({ type, time, ...data }: Notification) {
  return { type: `backup.${type.replaceAll("-", "_")}`, timestamp: time.toISOString(), data };
}

/** From 0 to 1, out of the id. */
function share(id: string, n: number): number {
  return Number.parseInt(id.slice(4 * n, 4 * n + 4), 16) / 0xffff;
}

function noMore(origin: string): LifeboatError {
  return new LifeboatError({
    code: "UNREACHABLE",
    operation: "webhook",
    reason: "gone",
    key: origin,
    message: `${origin} has answered that it wants no more notifications (410).`,
    hint: "Take the webhook out, or give it another URL.",
  });
}
