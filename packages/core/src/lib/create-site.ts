import { isLifeboatError, type SiteContext, type Storage, systemClock } from "@lifeboat/contracts";
import {
  type FoundDescriptor,
  findDescriptor,
  mendDescriptor,
  type NewDescriptor,
  newDescriptor,
  putNewDescriptor,
} from "./descriptor-store.ts";
import { claimKeys } from "./lease.ts";
import { LEASE_MS } from "./leases.ts";
import type { SiteOptions } from "./options.ts";

/** Makes the context in which a descriptor's site is worked on. */
export type ContextOf = (made: NewDescriptor) => SiteContext;

/** A creator that died is waited for until its lease has run out, and a little longer. */
const PATIENCE_MS = LEASE_MS + 30_000;
const LOOK_AGAIN_MS = 200;

/**
 * Makes a new site, or finds that another host just has. Where `ifAbsent` does not hold
 * between machines, of two descriptors the later one would win, after the earlier host
 * has perhaps begun to use its key: there, only who holds the lease for keys may write one.
 *
 * @throws LOCKED where another host keeps the lease and makes no site
 */
export async function createSite(
  storage: Storage,
  options: SiteOptions,
  contextOf: ContextOf,
): Promise<FoundDescriptor> {
  const created = await newDescriptor(options);
  if (storage.capabilities.conditionalPut) return putNewDescriptor(storage, created, options.key);
  const context = contextOf(created);
  const { clock = systemClock } = context;
  for (const since = clock.monotonic(); ; ) {
    try {
      return await claimed(context, async () => {
        const found = await findDescriptor(storage, options.key);
        return found ?? (await putNewDescriptor(storage, created, options.key));
      });
    } catch (error) {
      if (!isLifeboatError(error, "LOCKED") || clock.monotonic() - since > PATIENCE_MS) throw error;
    }
    // Two that see each other both give way: they come back at different times.
    await clock.sleep(LOOK_AGAIN_MS * (1 + 2 * Math.random()));
    const found = await findDescriptor(storage, options.key);
    if (found !== null) return found;
  }
}

/**
 * Writes the copy of the descriptor that is absent, damaged or out of date; `known` is
 * the one that was found.
 *
 * @returns whether both are the same now: `false` where somebody else changes them
 */
export async function mendSite(context: SiteContext, options: SiteOptions, known: NewDescriptor): Promise<boolean> {
  try {
    return await claimed(context, async () => {
      const found = await findDescriptor(context.storage, options.key, { known });
      if (found !== null) await mendDescriptor(context.storage, found);
      return true;
    });
  } catch (error) {
    if (isLifeboatError(error, "LOCKED")) return false; // whoever changes the keys writes both
    throw error;
  }
}

/** Does something under the lease for keys, and makes sure that it was held all the time. */
async function claimed<T>(context: SiteContext, work: () => Promise<T>): Promise<T> {
  const lease = await claimKeys(context);
  try {
    const result = await work();
    await lease.confirm();
    return result;
  } finally {
    await lease.release().catch(() => lease.abandon()); // the next run sweeps it
  }
}
