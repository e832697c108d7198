import type { AbortOptions } from "@lifeboat/contracts";
import { randomBytes } from "./bytes.ts";
import {
  type CreateDescriptorOptions,
  createDescriptor,
  type OpenedDescriptor,
  openDescriptor,
  readDescriptor,
  type SiteDescriptor,
  type WrittenDescriptor,
} from "./descriptor.ts";
import { subkey } from "./hkdf.ts";
import { openKeyBlock } from "./key-block.ts";
import type { SiteKeyOption, SlotKeyOption } from "./key-options.ts";
import { assertSiteKey } from "./open-header.ts";
import { generateRecoveryCode } from "./recovery-code.ts";
import { addSlot, type OpenSite, removeSlot, replaceSlot, type SlotAdded } from "./rewrite.ts";
import type { AnySlot, KeySlot } from "./slot.ts";
import { type CreateSlotOptions, createSlot, type KeyTools, type OpenedSlots, openSlots } from "./slots.ts";

/** What a subkey is for. */
export type SubkeyLabel = "manifest-mac" | "chunk-id" | "chunk-table" | "names" | "notices";

/** Site keys, their slots and the descriptor that holds them (docs/spec/site.md). */
export interface Keys {
  /** 32 random bytes. */
  createSiteKey(): Uint8Array;
  /** A key for one purpose, 32 bytes; none tells anything of another or of the site key. */
  deriveSubkey(siteKey: Uint8Array, label: SubkeyLabel): Uint8Array;
  /** A new code of 160 random bits and a checksum: 36 characters in 9 groups. */
  generateRecoveryCode(): string;
  /** Wraps the site key for one passphrase, recovery code or raw key. */
  createSlot(siteKey: Uint8Array, siteId: string, option: SlotKeyOption, options?: CreateSlotOptions): Promise<KeySlot>;
  /**
   * Tries each slot of the option's kind.
   *
   * @throws WRONG_KEY where none opens; UNSUPPORTED where one was too costly to try; INVALID where a
   * recovery code was mistyped; INCOMPATIBLE on `unencrypted()`
   */
  openSlots(
    slots: readonly AnySlot[],
    siteId: string,
    option: SiteKeyOption,
    options?: AbortOptions,
  ): Promise<OpenedSlots>;
  /** As {@link openSlots}, with the slots that a sealed object carries. @throws also CORRUPT; INVALID where it carries none */
  openKeyBlock(
    keyBlock: Uint8Array,
    option: SiteKeyOption,
    options?: AbortOptions,
  ): Promise<OpenedSlots & { readonly siteId: string }>;
  /** A new site: a random id and key, one slot, and the bytes of its `lifeboat.json`. */
  createDescriptor(
    options: CreateDescriptorOptions,
  ): Promise<WrittenDescriptor & { readonly siteKey: Uint8Array | null }>;
  /**
   * Reads `lifeboat.json` and opens the site.
   *
   * @throws CORRUPT, WRONG_KEY, UNSUPPORTED, INVALID as {@link openSlots}; INCOMPATIBLE where a key was
   * given and the site is not encrypted, or the reverse
   */
  openDescriptor(bytes: Uint8Array, option: SiteKeyOption, options?: AbortOptions): Promise<OpenedDescriptor>;
  /** Reads `lifeboat.json` without a key: what it says is checked for damage, but not authenticated. */
  readDescriptor(bytes: Uint8Array): SiteDescriptor;
  /** Adds a slot. @throws INVALID where the site is not encrypted, or has 64 */
  addSlot(site: OpenSite, option: SlotKeyOption, options?: CreateSlotOptions): Promise<SlotAdded>;
  /** Removes a slot. @throws INVALID where it is the last that opens the site, or unknown */
  removeSlot(site: OpenSite, slotId: string): WrittenDescriptor;
  /** Puts a new slot in the place of another: so a passphrase is changed. @throws INVALID where it is unknown */
  replaceSlot(site: OpenSite, slotId: string, option: SlotKeyOption, options?: CreateSlotOptions): Promise<SlotAdded>;
}

/** What {@link createKeys} needs; time and randomness are replaced where vectors are made. */
export type KeysInit = Pick<KeyTools, "primitives" | "argon2id"> & Partial<Pick<KeyTools, "random" | "now">>;

/** Keys by one implementation of the primitives and of Argon2id. */
export function createKeys({ primitives, argon2id, random = randomBytes, now = () => new Date() }: KeysInit): Keys {
  const tools: KeyTools = { primitives, argon2id, random, now };
  return {
    createSiteKey: () => tools.random(32),
    deriveSubkey(siteKey, label) {
      assertSiteKey(siteKey, "keys.derive");
      return subkey(tools.primitives, siteKey, label);
    },
    generateRecoveryCode: () => generateRecoveryCode(tools),
    createSlot: (siteKey, siteId, option, options) => createSlot(tools, siteKey, siteId, option, options),
    openSlots: (slots, siteId, option, options) => openSlots(tools, slots, siteId, option, options),
    openKeyBlock: (keyBlock, option, options) => openKeyBlock(tools, keyBlock, option, options),
    createDescriptor: (options) => createDescriptor(tools, options),
    openDescriptor: (bytes, option, options) => openDescriptor(tools, bytes, option, options),
    readDescriptor: (bytes) => readDescriptor(tools, bytes),
    addSlot: (site, option, options) => addSlot(tools, site, option, options),
    removeSlot: (site, slotId) => removeSlot(tools, site, slotId),
    replaceSlot: (site, slotId, option, options) => replaceSlot(tools, site, slotId, option, options),
  };
}
