import {
  type AbortOptions,
  type Clock,
  isLifeboatError,
  LifeboatError,
  orAbort,
  type RunInfo,
  type SiteContext,
  systemClock,
  type Trigger,
} from "@lifeboat/contracts";
import { newBackupId } from "@lifeboat/manifests";
import { processIdentity } from "@lifeboat/threads";
import { holderIsGone, noteHeld } from "./held-leases.ts";
import { leaseKey, listLeases, lockedBy, writeLease } from "./lease-store.ts";
import { isDead, judgeClaim, KEYS_CLAIM, LEASE_MS, type Lease, type LeaseFacts, RENEW_MS, RETRY_MS } from "./leases.ts";

/** A lease that is held and renewed in the background. */
export interface HeldLease {
  readonly id: string;
  /** Aborts, with a `LOCKED` error, once the lease may have been lost. */
  readonly signal: AbortSignal;
  /** Tells live leases from dead ones. */
  facts(): LeaseFacts;
  /**
   * Makes sure, by asking the storage, that the lease was held all the time.
   *
   * @throws LOCKED where it may have been lost
   */
  confirm(options?: AbortOptions): Promise<void>;
  /** Gives it back: nobody needs to sweep after this run. */
  release(options?: AbortOptions): Promise<void>;
  /** Stops renewing and leaves it lying, so that the next sweep finds what this run could not remove. */
  abandon(): void;
}

/** How often a claim that waits for a later one looks again, in milliseconds. */
const LOOK_AGAIN_MS = 200;
const ID_ATTEMPTS = 5;

/** How a lease is claimed. */
export interface ClaimOptions extends AbortOptions {
  /** Aborts where a claim that failed may not be taken back any longer: it is left lying then. */
  readonly tidying?: AbortSignal | undefined;
}

/** Claims the sources of a new backup. @throws LOCKED where another run has them */
export async function claimBackup(
  site: SiteContext,
  claim: {
    readonly started: Date;
    readonly trigger: Trigger;
    readonly sources: readonly string[];
    readonly run?: RunInfo | undefined;
  },
  options: ClaimOptions = {},
): Promise<HeldLease> {
  for (let attempt = 1; ; attempt++) {
    const id = newBackupId(claim.started, claim.trigger);
    try {
      return await claimId(site, { id, kind: "backup", sources: claim.sources, run: claim.run }, options);
    } catch (error) {
      if (!isLifeboatError(error, "ALREADY_EXISTS") || attempt === ID_ATTEMPTS) throw error;
    }
  }
}

/**
 * Publishes a lease, looks at the others', and holds it.
 *
 * @throws ALREADY_EXISTS where the id has a lease; LOCKED where another run has the sources
 */
export async function claimId(
  site: SiteContext,
  claim: Pick<Lease, "id" | "kind" | "sources" | "run">,
  options: ClaimOptions = {},
): Promise<HeldLease> {
  const claiming: Lease = { ...claim, state: "claiming", holder: processIdentity() };
  const lease = keep(site, { ...claiming, state: "running" });
  try {
    await lease.publish(claiming, options);
  } catch (error) {
    lease.abandon(); // what lies under this id may be another run's
    throw error;
  }
  try {
    await waitForOthers(site, claiming, () => lease.facts(), options);
    await lease.renew(options);
    lease.start();
    return lease;
  } catch (error) {
    await lease.release({ signal: options.tidying }).catch(() => lease.abandon()); // the error that matters is the first
    throw error;
  }
}

/** Claims the keys of a site: nobody else changes its descriptor meanwhile. @throws LOCKED */
export function claimKeys(site: SiteContext, options: AbortOptions = {}): Promise<HeldLease> {
  const id = newBackupId(new Date(clockOf(site).now()), "manual");
  return claimId(site, { id, kind: "keys", sources: [KEYS_CLAIM] }, options);
}

async function waitForOthers(
  site: SiteContext,
  own: Lease,
  facts: () => LeaseFacts,
  { signal }: AbortOptions,
): Promise<void> {
  if (own.sources.length === 0) return;
  for (;;) {
    const live = (await listLeases(site, { signal })).filter((other) => !isDead(other, facts()));
    const judged = judgeClaim(own, live);
    if (judged.verdict === "go") return;
    if (judged.verdict === "withdraw") throw lockedBy(own.kind, judged.other);
    await clockOf(site).sleep(LOOK_AGAIN_MS, { signal });
  }
}

interface KeptLease extends HeldLease {
  publish(claiming: Lease, options: AbortOptions): Promise<void>;
  renew(options?: AbortOptions): Promise<void>;
  start(): void;
}

/** The moving parts of a held lease. */
function keep(site: SiteContext, lease: Lease): KeptLease {
  const clock = clockOf(site);
  const lost = new AbortController();
  const noted = noteHeld(site.siteId, lease.id);
  let timer: Disposable | undefined;
  let renewal: Promise<void> = Promise.resolve();
  let ended = false;
  /** When it was last written: by the storage's clock, and by two of ours, of which one stops while the machine sleeps. */
  let written = { storage: new Date(0), wall: 0, monotonic: 0 };

  function note(modified: Date, wall: number, monotonic: number): void {
    written = { storage: modified, wall, monotonic };
  }

  /** Tells the run that it must not commit any more; answers the error that says so. */
  function lose(reason: string): LifeboatError {
    const error = lostLease(lease, reason);
    lost.abort(error);
    return error;
  }

  function overdue(): boolean {
    const slept = Math.max(clock.monotonic() - written.monotonic, clock.now() - written.wall);
    return slept > LEASE_MS;
  }

  async function renew(options: AbortOptions = {}): Promise<void> {
    if (overdue()) throw lose("it was not renewed in time");
    if ((await site.storage.stat(leaseKey(lease.id), options)) === null) throw lose("another run has swept it away");
    const [wall, monotonic, before] = [clock.now(), clock.monotonic(), written.storage];
    const modified = await writeLease(site, lease, options);
    if (modified.getTime() - before.getTime() > LEASE_MS) throw lose("it was not renewed in time");
    note(modified, wall, monotonic);
  }

  function schedule(delay: number): void {
    if (ended) return;
    timer = clock.after(delay, () => {
      const limit = new AbortController();
      const expiry = clock.after(LEASE_MS, () =>
        limit.abort(new DOMException("A renewal took too long.", "TimeoutError")),
      );
      const attempt = renew({ signal: limit.signal }).finally(() => expiry[Symbol.dispose]());
      renewal = attempt.then(
        () => schedule(RENEW_MS),
        () => {
          if (overdue()) lose("it could not be renewed in time");
          if (!lost.signal.aborted) schedule(RETRY_MS);
        },
      );
    });
  }

  async function end({ signal }: AbortOptions): Promise<void> {
    ended = true;
    timer?.[Symbol.dispose]();
    await orAbort(renewal, signal);
  }

  return {
    id: lease.id,
    signal: lost.signal,
    facts: () => ({
      storageNow: new Date(written.storage.getTime() + clock.monotonic() - written.monotonic),
      gone: (other) => holderIsGone(site.siteId, other),
    }),
    async publish(claiming, options) {
      const [wall, monotonic] = [clock.now(), clock.monotonic()];
      note(await writeLease(site, claiming, { ...options, ifAbsent: true }), wall, monotonic);
    },
    renew,
    start: () => schedule(RENEW_MS),
    async confirm(options) {
      lost.signal.throwIfAborted();
      await renewal;
      await renew(options);
    },
    async release(options = {}) {
      await end(options);
      await site.storage.delete([leaseKey(lease.id)], options);
      noted[Symbol.dispose]();
    },
    abandon() {
      ended = true;
      timer?.[Symbol.dispose]();
      noted[Symbol.dispose]();
    },
  };
}

function clockOf({ clock = systemClock }: SiteContext): Clock {
  return clock;
}

/** Says that a run must not commit, because it can't be sure of its lease. */
export function lostLease({ id, kind }: Pick<Lease, "id" | "kind">, reason: string): LifeboatError {
  return new LifeboatError({
    code: "LOCKED",
    operation: kind,
    key: id,
    retryable: true,
    message: `The lease of ${id} was lost: ${reason}.`,
    hint: "Nothing was committed. Run it again; if this happens often, the storage is too slow or the machine sleeps.",
  });
}
