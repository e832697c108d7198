import type { Clock } from "@lifeboat/contracts";
import type { World } from "./world.ts";

/** One life of a simulated machine's process: from its start to its crash. */
export interface Host {
  readonly name: string;
  readonly clock: Clock;
  readonly isAlive: boolean;
  /** Resolves when it dies. */
  readonly death: Promise<void>;
  /** Lets something happen here, at a time or when it has woken up by then; nothing happens to the dead. */
  deliver(at: number, run: () => void): () => void;
  sleep(ms: number): void;
  /** When it is awake, at the earliest. */
  readonly awake: number;
  crash(): void;
}

/** What is peculiar to a host. */
export interface HostNature {
  readonly name: string;
  /** How far its clock is off, in milliseconds, and how much faster it goes, as a share. */
  readonly skew: number;
  readonly drift: number;
  /** Whether its monotonic clock stands still while it sleeps. */
  readonly stops: boolean;
}

/** Starts a host. */
export function startHost(world: World, { name, skew, drift, stops }: HostNature): Host {
  const born = world.now;
  let awake = 0;
  let slept = 0;
  let alive = true;
  let die = () => {};
  const death = new Promise<void>((resolve) => {
    die = resolve;
  });

  function deliver(at: number, run: () => void): () => void {
    let cancel = () => {};
    const attempt = () => {
      if (!alive) return;
      if (awake > world.now) cancel = world.wakeAt(awake, attempt);
      else run();
    };
    cancel = world.wakeAt(at, attempt);
    return () => cancel();
  }

  const clock: Clock = {
    now: () => Math.round(world.now + skew + (world.now - born) * drift),
    monotonic: () => (world.now - born - (stops ? slept : 0)) * (1 + drift),
    sleep(ms, { signal } = {}) {
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const abort = () => {
          cancel();
          reject(signal?.reason);
        };
        const cancel = deliver(world.now + ms, () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        });
        signal?.addEventListener("abort", abort, { once: true });
      });
    },
    after(ms, callback) {
      return { [Symbol.dispose]: deliver(world.now + ms, callback) };
    },
  };

  return {
    name,
    clock,
    death,
    deliver,
    get isAlive() {
      return alive;
    },
    get awake() {
      return Math.max(awake, world.now);
    },
    sleep(ms) {
      awake = Math.max(awake, world.now) + ms;
      slept += ms;
      world.note(() => `${name} sleeps for ${ms / 1000} s`);
    },
    crash() {
      if (!alive) return;
      alive = false;
      world.note(() => `${name} dies`);
      die();
    },
  };
}
