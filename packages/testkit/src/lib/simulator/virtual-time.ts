import type { Clock, Storage } from "@lifeboat/contracts";
import { simulatedStorage } from "./client.ts";
import type { Called, Fate } from "./fate.ts";
import { type Host, startHost } from "./host.ts";
import { dice } from "./random.ts";
import { createServer, type HeldObject, type Server } from "./server.ts";
import { holdStill } from "./still.ts";
import { createWorld } from "./world.ts";

/** A storage in virtual time, that any host of its world may open. */
export interface VirtualSite {
  /** What lies in it. */
  readonly objects: ReadonlyMap<string, HeldObject>;
  /** Whether nobody can reach it. */
  away: boolean;
  /** Whether it has no room. */
  full: boolean;
  /** How long it takes from a call to its answer, in milliseconds. Default: 10. */
  latencyMs: number;
  /** Told of each change right after it took effect; `null` for a deletion. Default: nobody is. */
  changed: (key: string, bytes: Uint8Array | null) => void;
}

/** One life of a machine's process in virtual time. */
export interface VirtualHost {
  readonly name: string;
  readonly clock: Clock;
  readonly isAlive: boolean;
  /** A site as this host sees it. */
  open(site: VirtualSite): Storage;
  /** Nothing happens in it any more, whatever was under way. */
  crash(): void;
  /** It does nothing for so long, and its timers stand still. */
  sleep(ms: number): void;
  /** Somebody sets its clock by so many milliseconds, back where it is negative. */
  setClock(byMs: number): void;
}

/** Time that goes by as fast as code can follow. Until it is disposed of, random bytes come from the seed. */
export interface VirtualTime extends Disposable {
  readonly now: number;
  readonly steps: number;
  /** Lets something happen at a time. */
  at(time: number, run: () => void): void;
  site(): VirtualSite;
  /** Starts a host; one that has crashed starts anew under the same name. */
  host(name: string): VirtualHost;
  /** Lets everything happen that happens until then. */
  until(time: number): Promise<void>;
}

/** Options of {@link virtualTime}. */
export interface VirtualTimeOptions {
  readonly seed: number;
  /** When it begins. */
  readonly beginning: Date;
  /** How many events it has at most: more means that something goes round in circles. Default: 10 millions. */
  readonly maxSteps?: number | undefined;
}

/**
 * Begins a time of its own. Code under test must take its clock and storage from it, and do nothing else that takes
 * turns of the event loop: no threads, no file.
 */
export function virtualTime({ seed, beginning, maxSteps = 10_000_000 }: VirtualTimeOptions): VirtualTime {
  const still = holdStill(seed);
  const world = createWorld(undefined, { beginning: beginning.getTime(), maxSteps });
  const servers = new Map<VirtualSite, Server>();
  let lives = 0;

  function fateOn(site: VirtualSite): Fate {
    const half = Math.max(1, site.latencyMs / 2);
    const fate = { sleepBefore: 0, there: half, back: half, sleepAfter: 0, again: 0, crash: false } as const;
    return site.away ? { ...fate, outcome: "refused", words: "away" } : { ...fate, outcome: "fine", words: "" };
  }

  function open(host: Host, site: VirtualSite): Storage {
    const server = servers.get(site);
    if (server === undefined) throw new Error("The site is of another time.");
    return simulatedStorage({
      world,
      server,
      host,
      page: 1000,
      conditionalPut: true,
      random: dice(seed, `${host.name} ${lives}`),
      fate: (_call: Called) => fateOn(site),
    });
  }

  return {
    get now() {
      return world.now;
    },
    get steps() {
      return world.steps;
    },
    at(time, run) {
      world.wakeAt(time, run);
    },
    site() {
      const server = createServer(world, dice(seed, `site ${servers.size}`));
      const site: VirtualSite = {
        objects: server.objects,
        away: false,
        latencyMs: 10,
        changed: () => undefined,
        get full() {
          return server.full;
        },
        set full(is) {
          server.full = is;
        },
      };
      server.changed = (key, bytes) => site.changed(key, bytes);
      servers.set(site, server);
      return site;
    },
    host(name) {
      lives += 1;
      const host = startHost(world, { name, skew: 0, drift: 0, stops: true });
      let set = 0;
      return {
        name,
        clock: { ...host.clock, now: () => host.clock.now() + set },
        get isAlive() {
          return host.isAlive;
        },
        open: (site) => open(host, site),
        crash: () => host.crash(),
        sleep: (ms) => host.sleep(ms),
        setClock(byMs) {
          set += byMs;
        },
      };
    },
    async until(time) {
      let over = false;
      world.wakeAt(time, () => {
        over = true;
      });
      await world.run(() => over);
    },
    [Symbol.dispose]() {
      still[Symbol.dispose]();
    },
  };
}
