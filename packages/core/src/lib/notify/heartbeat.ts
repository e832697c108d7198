import { send } from "./http.ts";
import type { DeliveryContext } from "./notify-types.ts";
import { requestTarget } from "./target.ts";

const LIMIT_MS = 10_000;
const PAUSES_MS = [5000, 30_000];

/**
 * Asks for a URL, so that somebody else notices when nobody does any more; three times at most.
 *
 * @throws UNREACHABLE, TIMEOUT; the signal's reason
 */
export async function ping(url: string, context: DeliveryContext): Promise<void> {
  const { clock, signal } = context;
  const target = requestTarget(url, "heartbeat");
  const request = { operation: "heartbeat", target, method: "GET", limitMs: LIMIT_MS } as const;
  for (let n = 0; ; n++) {
    const failure = await send({ ...request, clock, signal });
    if (failure === null) return;
    const wait = PAUSES_MS[n];
    if (wait === undefined || !failure.passing) throw failure.error;
    await context.pause(wait);
  }
}
