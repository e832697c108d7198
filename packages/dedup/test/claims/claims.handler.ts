import { AttachedTables, type SharedTables } from "../../src/lib/index/chunk-tables.ts";

/** Claims every id of `ids`; answers how many it was told to store, and which as flags. */
export interface ClaimTask {
  readonly shared: SharedTables;
  readonly ids: Uint8Array;
  /** Waits here until so many threads have come, so that they run at once. */
  readonly start: Int32Array;
  readonly threads: number;
}

export function startClaims(): (task: ClaimTask) => Uint8Array {
  const tables = new AttachedTables();
  return ({ shared, ids, start, threads }) => {
    tables.attach(shared);
    Atomics.add(start, 0, 1);
    while (Atomics.load(start, 0) < threads);
    const claimed = new Uint8Array(ids.length / 32);
    for (let n = 0; n < claimed.length; n++) claimed[n] = tables.claim(ids, n * 32) ? 1 : 0;
    return claimed;
  };
}
