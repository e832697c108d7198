import type { Storage } from "@lifeboat/contracts";
import {
  type AnswerFault,
  type FaultProxy,
  type ProxyStats,
  startFaultProxy,
  startHttpFaultProxy,
} from "@lifeboat/test-servers";
import type { Place, Wrong } from "./place.ts";

/** What is tried in a cell. */
export const WORKS = ["put", "get", "small", "backup"] as const;
export type Work = (typeof WORKS)[number];

/** One cell's scene: a place, a storage that meets the fault, and the fault. */
export interface Stage extends AsyncDisposable {
  readonly place: Place;
  /** Meets the fault. */
  readonly storage: Storage;
  /** Lets the fault loose. */
  begin(): Promise<void>;
  /** Ends it. */
  lift(): Promise<void>;
  /** Whether it has really happened. */
  struck(): boolean;
  /** Does small work again and again, with the fault at another moment each time. */
  readonly again?: (work: (round: number) => Promise<void>) => Promise<void>;
}

/** How a fault of the line goes about it. */
export interface LineFault {
  begin(proxy: FaultProxy, work: Work, signal: AbortSignal): Promise<void>;
  /** Judged by what the proxy has seen since the fault began. */
  struck(since: ProxyStats): boolean;
  again?(proxy: FaultProxy, work: (round: number) => Promise<void>): Promise<void>;
}

/** A stage with a proxy that breaks connections before the server. */
export async function lineStage(place: Place, work: Work, fault: LineFault): Promise<Stage> {
  const proxy = await startFaultProxy({ target: place.port });
  const storage = place.open({ port: proxy.port });
  const lifted = new AbortController();
  let before = proxy.stats;
  return {
    place,
    storage,
    async begin() {
      await storage.connect?.();
      before = proxy.stats;
      await fault.begin(proxy, work, lifted.signal);
    },
    async lift() {
      lifted.abort();
      await proxy.set({});
      proxy.cutAll();
    },
    struck: () => fault.struck(since(before, proxy.stats)),
    ...(fault.again === undefined ? {} : { again: async (each) => await fault.again?.(proxy, each) }),
    async [Symbol.asyncDispose]() {
      await storage[Symbol.asyncDispose]();
      await proxy.close();
    },
  };
}

function since(before: ProxyStats, now: ProxyStats): ProxyStats {
  return {
    connections: now.connections - before.connections,
    open: now.open,
    up: now.up - before.up,
    down: now.down - before.down,
    swallowed: now.swallowed - before.swallowed,
    cuts: now.cuts - before.cuts,
  };
}

/** A stage with a proxy that answers some requests otherwise than the server would. */
export async function answersStage(
  place: Place,
  rule: () => (operation: string) => AnswerFault | undefined,
): Promise<Stage> {
  const proxy = await startHttpFaultProxy({ target: place.port });
  const storage = place.open({ port: proxy.port });
  return {
    place,
    storage,
    begin: async () => proxy.set(rule()),
    lift: async () => proxy.set(() => undefined),
    struck: () => proxy.struck.length > 0,
    async [Symbol.asyncDispose]() {
      await storage[Symbol.asyncDispose]();
      await proxy.close();
    },
  };
}

/** A stage on which the server itself, or what the host gave it, is at fault from the start. */
export function plainStage(place: Place, wrong: Wrong, more: Partial<Stage> = {}): Stage {
  const storage = place.open(wrong);
  return {
    place,
    storage,
    begin: async () => undefined,
    lift: async () => undefined,
    struck: () => true,
    ...more,
    async [Symbol.asyncDispose]() {
      await storage[Symbol.asyncDispose]();
      await more[Symbol.asyncDispose]?.();
    },
  };
}
