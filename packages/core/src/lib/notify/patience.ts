import type { Clock } from "@lifeboat/contracts";
import type { DeliveryContext } from "./notify-types.ts";
import { pause } from "./pause.ts";

/** What deliveries go on with until the engine closes. */
export interface Patience {
  readonly context: DeliveryContext;
  /** Ends all pauses; what is under way has so many milliseconds, then it is given up. */
  close(underWay: Promise<unknown>, graceMs: number): Promise<void>;
}

/** Makes what deliveries go on with. */
export function createPatience(clock: Clock): Patience {
  const closing = new AbortController();
  const stop = new AbortController();
  const closed = () => new DOMException("The engine is closing.", "AbortError");
  return {
    context: { signal: stop.signal, clock, pause: (ms) => pause(clock, ms, closing.signal) },
    async close(underWay, graceMs) {
      closing.abort(closed());
      let timer: Disposable | undefined;
      const grace = new Promise<void>((resolve) => {
        timer = clock.after(graceMs, resolve);
      });
      try {
        await Promise.race([underWay, grace]);
      } finally {
        timer?.[Symbol.dispose]();
        stop.abort(closed());
      }
    },
  };
}
