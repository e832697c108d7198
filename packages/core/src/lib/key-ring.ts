import { type AbortOptions, LifeboatError } from "@lifeboat/contracts";
import {
  type AnySlot,
  addSlot,
  generateRecoveryCode,
  type OpenSite as OpenDescriptor,
  openDescriptor,
  openSlots,
  recoveryCode,
  removeSlot,
  replaceSlot,
  type SlotKeyOption,
  type WrittenDescriptor,
} from "@lifeboat/crypto";
import { type CurrentDescriptor, currentDescriptor, DESCRIPTOR_KEY, replaceDescriptor } from "./descriptor-store.ts";
import { claimKeys } from "./lease.ts";
import type { RunContext } from "./run-context.ts";
import type { OpenSite } from "./sites.ts";

/** One of the keys that open a site. */
export interface KeyInfo {
  readonly id: string;
  /** `unknown`: a newer version made it. */
  readonly kind: "passphrase" | "recovery" | "raw" | "unknown";
  readonly created: Date | null;
  /** What people call it. */
  readonly label?: string;
}

/** A recovery code and the key it belongs to. */
export interface NewRecoveryCode {
  /** To print and to put away. It is shown this once, and kept nowhere. */
  readonly code: string;
  readonly key: KeyInfo;
}

/**
 * The keys of one site. Any of them opens all of its backups. A changed or removed
 * key opens the site no more; copies of old archive files made before keep opening
 * with the keys that they were made with.
 *
 * Every method throws NOT_FOUND where the site does not exist yet, INVALID where it is not
 * encrypted, and LOCKED where another host changes its keys at the same time.
 */
export interface KeyRing {
  /** The site's keys, the secrets not among them. */
  list(options?: AbortOptions): Promise<readonly KeyInfo[]>;
  /** Adds a key. @throws INVALID where there are 64 already */
  add(key: SlotKeyOption, options?: AbortOptions & { readonly label?: string | undefined }): Promise<KeyInfo>;
  /** Removes a key. @throws INVALID where it is unknown, or the last one that opens the site */
  remove(id: string, options?: AbortOptions): Promise<void>;
  /**
   * Puts a key in the place of another. Change the key in the engine's options too:
   * it is what opens the site the next time.
   *
   * @throws WRONG_KEY where `from` opens nothing
   */
  changePassphrase(change: {
    /** Which one is replaced, by itself. Default: the engine's own. */
    readonly from?: SlotKeyOption | undefined;
    readonly to: SlotKeyOption;
    readonly signal?: AbortSignal | undefined;
  }): Promise<KeyInfo>;
  /** Makes a recovery code and adds it as a key. */
  createRecoveryCode(options?: AbortOptions & { readonly label?: string | undefined }): Promise<NewRecoveryCode>;
}

/** The keys of a site. */
export function createKeyRing(engine: RunContext, name: string): KeyRing {
  /** One change at a time, on what lies in the storage now, and only to what is proven to open. */
  async function change<T extends WrittenDescriptor>(
    options: AbortOptions,
    make: (
      opened: OpenDescriptor,
      site: OpenSite,
    ) => Promise<{ readonly written: T; readonly proof: SlotKeyOption | null }>,
  ): Promise<T> {
    const site = await engine.sites.open(name, options);
    return site.exclusively(async () => {
      options.signal?.throwIfAborted();
      const siteKey = encryptedKey(site);
      const lease = await claimKeys(site.context, options);
      try {
        const { bytes, descriptor, fromCopy } = await current(site);
        if (fromCopy) await site.context.storage.put(DESCRIPTOR_KEY, bytes);
        const { written, proof } = await make({ descriptor, siteKey }, site);
        if (proof !== null) await prove(written, proof, siteKey);
        await lease.confirm(options);
        await replaceDescriptor(site.context.storage, bytes, written.bytes);
        site.adopt(written.descriptor);
        return written;
      } finally {
        await lease.release().catch(() => lease.abandon()); // the next run sweeps it
      }
    });
  }

  const ring: KeyRing = {
    async list(options = {}) {
      const site = await engine.sites.open(name, options);
      return site.exclusively(async () => {
        const { descriptor } = await current(site);
        return descriptor.slots.map(describeKey);
      });
    },
    async add(key, { label, signal } = {}) {
      const { slot } = await change({ signal }, async (current) => ({
        written: await addSlot(current, key, { label, signal }),
        proof: key,
      }));
      return describeKey(slot);
    },
    async remove(id, options = {}) {
      await change(options, async (current) => ({ written: removeSlot(current, id), proof: null }));
    },
    async changePassphrase({ from, to, signal }) {
      const { slot } = await change({ signal }, async (current, site) => {
        const { slots, siteId } = current.descriptor;
        const old = await openSlots(slots, siteId, from ?? site.options.key, { signal });
        const label = labelOf(slots.find(({ id }) => id === old.slotId));
        return { written: await replaceSlot(current, old.slotId, to, { label, signal }), proof: to };
      });
      return describeKey(slot);
    },
    async createRecoveryCode({ label, signal } = {}) {
      const code = generateRecoveryCode();
      return { code, key: await ring.add(recoveryCode(code), { label, signal }) };
    },
  };
  return ring;
}

/** Reads what lies in the storage now, so that another host's keys are not lost. */
async function current(site: OpenSite): Promise<CurrentDescriptor> {
  const { storage, siteId } = site.context;
  const found = await currentDescriptor(storage, siteId, encryptedKey(site));
  site.adopt(found.descriptor);
  return found;
}

/** Before it replaces the old one, a new descriptor must have opened, and given the same key. */
async function prove({ bytes }: WrittenDescriptor, key: SlotKeyOption, siteKey: Uint8Array): Promise<void> {
  const opened = await openDescriptor(bytes, key);
  if (opened.siteKey !== null && Buffer.compare(opened.siteKey, siteKey) === 0) return;
  throw new Error("A descriptor that was just made does not open; the site was left as it is.");
}

function encryptedKey({ name, context }: OpenSite): Uint8Array {
  if (context.secret !== null) return context.secret.key;
  throw new LifeboatError({
    code: "INVALID",
    operation: "keys.change",
    key: name,
    message: `The site "${name}" is not encrypted, so it has no keys.`,
    hint: "Make a new, encrypted site and back up to it.",
  });
}

function describeKey(slot: AnySlot): KeyInfo {
  if (slot.kind === "unknown") return { id: slot.id, kind: "unknown", created: null };
  const { id, kind, created, label } = slot;
  return { id, kind, created: new Date(created), ...(label === undefined ? {} : { label }) };
}

function labelOf(slot: AnySlot | undefined): string | undefined {
  return slot === undefined || slot.kind === "unknown" ? undefined : slot.label;
}
