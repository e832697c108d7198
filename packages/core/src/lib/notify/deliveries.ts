import { orAbort } from "@lifeboat/contracts";
import type { Deliverer, DeliveryContext, Notification } from "./notify-types.ts";

/** Brings notifications to all deliverers, in the background. */
export interface Deliveries {
  /** Whether any deliverer could bring it: `true` as soon as one has, `false` once all have failed. */
  deliver(notification: Notification): Promise<boolean>;
  /** Resolves once nothing is under way. */
  idle(): Promise<void>;
}

/** Is told why a deliverer could not bring a notification. */
type OnFailure = (notification: Notification, error: unknown) => void;

/** So many wait for one deliverer; of more the oldest are given up. */
const MAX_WAITING = 100;

/** Makes deliveries to these; each gets one at a time, in their order. */
export function createDeliveries(to: readonly Deliverer[], context: DeliveryContext, onFailure: OnFailure): Deliveries {
  const lines = to.map((deliverer) => createLine(deliverer, context, onFailure));
  return {
    deliver: (notification) => anyTrue(lines.map((line) => line.add(notification))),
    async idle() {
      await Promise.all(lines.map((line) => line.idle()));
    },
  };
}

/** `true` as soon as one is, `false` once none can be any more. */
export async function anyTrue(outcomes: readonly Promise<boolean>[]): Promise<boolean> {
  const none = Promise.all(outcomes).then(() => false);
  const one = outcomes.map((outcome) => outcome.then((isTrue) => (isTrue ? true : none)));
  return one.length === 0 ? false : Promise.race(one);
}

interface Line {
  /** Whether it was brought; `false` also where it was given up. */
  add(notification: Notification): Promise<boolean>;
  /** Resolves once nothing is under way. */
  idle(): Promise<void>;
}

interface Waiting {
  readonly notification: Notification;
  readonly end: (brought: boolean) => void;
}

function createLine(deliverer: Deliverer, context: DeliveryContext, onFailure: OnFailure): Line {
  let waiting: Waiting[] = [];
  let working: Promise<void> | undefined;

  async function bring({ notification, end }: Waiting): Promise<void> {
    try {
      await deliverer(notification, context);
      end(true);
    } catch (error) {
      onFailure(notification, error);
      end(false);
    }
  }

  async function work(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (context.signal.aborted) next.end(false);
      else await orAbort(bring(next), context.signal).catch(() => next.end(false));
    }
    working = undefined;
  }

  return {
    add(notification) {
      return new Promise((end) => {
        waiting.push({ notification, end });
        for (const old of waiting.slice(0, -MAX_WAITING)) {
          onFailure(old.notification, new Error(`More than ${MAX_WAITING} notifications are waiting to be delivered.`));
          old.end(false);
        }
        waiting = waiting.slice(-MAX_WAITING);
        working ??= work();
      });
    },
    idle: () => working ?? Promise.resolve(),
  };
}
