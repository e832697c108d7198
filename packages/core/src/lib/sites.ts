import { type AbortOptions, type Clock, LifeboatError, type Repository, type SiteContext } from "@lifeboat/contracts";
import { encodeKeyBlock, type SiteDescriptor } from "@lifeboat/crypto";
import { assertSites } from "./check-sites.ts";
import { createSite, mendSite } from "./create-site.ts";
import { assertFormat, type FoundDescriptor, findDescriptor, rereadDescriptor } from "./descriptor-store.ts";
import type { SiteOptions } from "./options.ts";
import { sharedAttempts } from "./shared-attempts.ts";

/** A site that is open. */
export interface OpenSite {
  readonly name: string;
  readonly options: SiteOptions;
  readonly context: SiteContext;
  readonly repository: Repository;
  readonly descriptor: SiteDescriptor;
  /** Takes over a descriptor with other slots. */
  adopt(descriptor: SiteDescriptor): void;
  /** Runs one change of the keys after the other. */
  exclusively<T>(change: () => Promise<T>): Promise<T>;
}

/** The sites of an engine, opened at their first use, and looked at again at each further one. */
export interface Sites {
  /**
   * Opens a site; `null` where the storage holds none yet.
   *
   * @throws NOT_FOUND where the engine has no such site; WRONG_KEY; CORRUPT; INCOMPATIBLE; UNSUPPORTED
   */
  find(name: string, options?: AbortOptions): Promise<OpenSite | null>;
  /** Opens a site that must exist. @throws as {@link find}; NOT_FOUND where the storage holds none yet */
  open(name: string, options?: AbortOptions): Promise<OpenSite>;
  /** Opens a site to write to it; where there is none, it is made. */
  prepare(name: string, options?: AbortOptions): Promise<OpenSite>;
  /** What the host said of a site. @throws NOT_FOUND where the engine has no such site */
  options(name: string): SiteOptions;
  /** Their names, in the order that they were given. */
  readonly names: readonly string[];
  /** The directories of this machine that sites lie in. */
  readonly directories: readonly string[];
  /** Refuses to open anything from now on. */
  stop(): void;
  /** Closes what is open, and every storage. */
  close(): Promise<void>;
}

/** What every site is worked on with. */
export interface SiteWork {
  readonly threads: number;
  readonly clock: Clock;
}

/** Makes the engine's sites. Opens none. @throws INVALID for one without a storage or key */
export function createSites(all: Readonly<Record<string, SiteOptions>>, { threads, clock }: SiteWork): Sites {
  assertSites(all);
  let stopped = false;
  const opened = new Map<string, OpenSite>();
  const prepared = new Set<OpenSite>();
  /** Opened once, but their storage has been found to hold another site since. */
  const replaced = new Set<OpenSite>();

  function optionsOf(name: string): SiteOptions {
    if (stopped) {
      throw new LifeboatError({ code: "INVALID", operation: "site.open", key: name, message: "The engine is closed." });
    }
    const options = Object.hasOwn(all, name) ? all[name] : undefined;
    if (options !== undefined) return options;
    throw new LifeboatError({
      code: "NOT_FOUND",
      operation: "site.open",
      key: name,
      message: `There is no site "${name}"; there are: ${Object.keys(all).join(", ") || "none"}.`,
    });
  }

  function contextOf(
    name: string,
    { storage, format }: SiteOptions,
    siteKey: Uint8Array | null,
    current: () => SiteDescriptor,
  ): SiteContext {
    const { siteId, suite } = current();
    return {
      name,
      siteId,
      storage,
      threads,
      clock,
      settings: current().other[format.name],
      secret: siteKey && {
        key: siteKey,
        suite: suite ?? 1,
        get keyBlock() {
          return encodeKeyBlock(current()); // with the slots as they are now
        },
      },
    };
  }

  function build(name: string, options: SiteOptions, found: FoundDescriptor): OpenSite {
    assertFormat(options.storage, found, options.format);
    let current = found.descriptor;
    let last: Promise<unknown> = Promise.resolve();
    const context = contextOf(name, options, found.siteKey, () => current);
    return {
      name,
      options,
      context,
      repository: options.format.open(context),
      get descriptor() {
        return current;
      },
      adopt(descriptor) {
        current = descriptor;
      },
      exclusively(change) {
        const result = last.then(change);
        last = result.catch(() => undefined); // it was that caller's failure, not the next one's
        return result;
      },
    };
  }

  function keep(name: string, options: SiteOptions, found: FoundDescriptor): OpenSite {
    const known = opened.get(name);
    if (known?.context.siteId === found.descriptor.siteId) {
      known.adopt(found.descriptor);
      return known;
    }
    const site = build(name, options, found);
    if (known !== undefined) replaced.add(known);
    opened.set(name, site);
    return site;
  }

  /** A disk may have been changed for another since, and another host may have changed the keys. */
  async function isThereStill(site: OpenSite, signal: AbortSignal): Promise<boolean> {
    const { storage, siteId, secret } = site.context;
    const descriptor = await rereadDescriptor(storage, siteId, secret?.key ?? null, { signal });
    if (descriptor !== null) site.adopt(descriptor);
    return descriptor !== null;
  }

  async function attemptFind(name: string, signal: AbortSignal): Promise<OpenSite | null> {
    const options = optionsOf(name);
    const site = opened.get(name);
    if (site !== undefined && (await isThereStill(site, signal))) return site;
    await options.storage.connect?.({ signal });
    const found = await findDescriptor(options.storage, options.key, { signal });
    return found && keep(name, options, found);
  }

  /** What it has begun to write it ends: a descriptor that arrives late might take the place of a newer one. */
  async function attemptPrepare(name: string, signal: AbortSignal): Promise<OpenSite> {
    const options = optionsOf(name);
    const known = opened.get(name);
    if (known !== undefined && prepared.has(known) && (await isThereStill(known, signal))) return known;
    const { storage, key } = options;
    await storage.connect?.({ signal });
    const found =
      (await findDescriptor(storage, key, { signal })) ??
      (await createSite(storage, options, (made) => contextOf(name, options, made.siteKey, () => made.descriptor)));
    const site = keep(name, options, found);
    const mended = found.stale === null || (await site.exclusively(() => mendSite(site.context, options, found)));
    if (mended) prepared.add(site);
    return site;
  }

  const finding = sharedAttempts(attemptFind);
  const preparing = sharedAttempts(attemptPrepare);

  return {
    options: optionsOf,
    names: Object.keys(all),
    directories: Object.values(all).flatMap(({ storage }) => storage.localDirectory ?? []),
    find: (name, options = {}) => finding.run(name, options),
    prepare: (name, options = {}) => preparing.run(name, options),
    async open(name, options = {}) {
      const site = await finding.run(name, options);
      if (site !== null) return site;
      throw new LifeboatError({
        code: "NOT_FOUND",
        operation: "site.open",
        key: name,
        message: `There is no backup on site "${name}" yet: ${optionsOf(name).storage.name} holds no site.`,
      });
    },
    stop() {
      stopped = true;
    },
    async close() {
      await Promise.all([finding.ended(), preparing.ended()]);
      const repositories = [...opened.values(), ...replaced].map(({ repository }) => repository);
      const storages = new Set(Object.values(all).map(({ storage }) => storage));
      const closing = [...repositories, ...storages].map(async (each) => each[Symbol.asyncDispose]());
      for (const outcome of await Promise.allSettled(closing)) if (outcome.status === "rejected") throw outcome.reason;
    },
  };
}
