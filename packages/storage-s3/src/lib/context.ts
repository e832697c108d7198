import pLimit, { type LimitFunction } from "p-limit";
import type { ConditionalPuts } from "./conditional.ts";
import type { Connection } from "./connection.ts";
import type { TransferMemory } from "./memory.ts";
import type { Settings } from "./options.ts";

/** What every operation works with. */
export interface Context {
  readonly settings: Settings;
  readonly connection: Connection;
  readonly conditional: ConditionalPuts;
  /** Over all calls of the storage, so that its memory and its load on the server are bounded. */
  readonly limits: Limits;
  readonly memory: TransferMemory;
  /** Segments of all reads that are under way or wait for their reader. */
  readonly segments: { held: number };
}

/** How much goes on at once, over all calls of a storage. */
export interface Limits {
  readonly upload: LimitFunction;
  readonly download: LimitFunction;
  readonly copy: LimitFunction;
  readonly delete: LimitFunction;
}

export function limitsOf(settings: Settings): Limits {
  return {
    upload: pLimit(settings.uploadConcurrency),
    download: pLimit(settings.downloadConcurrency),
    copy: pLimit(settings.copyConcurrency),
    delete: pLimit(settings.provider.deleteConcurrency),
  };
}
