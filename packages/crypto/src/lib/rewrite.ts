import { type SiteDescriptor, type WrittenDescriptor, writeDescriptor } from "./descriptor.ts";
import { invalid } from "./errors.ts";
import { encodeKeyBlock } from "./key-block.ts";
import type { SlotKeyOption } from "./key-options.ts";
import { assertSiteKey } from "./open-header.ts";
import { type AnySlot, type KeySlot, MAX_SLOTS } from "./slot.ts";
import { type CreateSlotOptions, createSlot, type KeyTools } from "./slots.ts";

/** A descriptor that was rewritten with a new slot. */
export interface SlotAdded extends WrittenDescriptor {
  readonly slot: KeySlot;
}

/** A site that is open: what its slots are changed with. */
export interface OpenSite {
  readonly descriptor: SiteDescriptor;
  /** 32 bytes. */
  readonly siteKey: Uint8Array;
}

/** Docs: `Keys.addSlot`. */
export async function addSlot(
  tools: KeyTools,
  site: OpenSite,
  option: SlotKeyOption,
  options?: CreateSlotOptions,
): Promise<SlotAdded> {
  const { descriptor, siteKey } = site;
  assertEncrypted(site);
  if (descriptor.slots.length >= MAX_SLOTS) {
    throw invalid(
      "keys.add",
      `Expected at most ${MAX_SLOTS} slots, found as many already.`,
      "Remove one that is no longer used.",
    );
  }
  const slot = await createSlot(tools, siteKey, descriptor.siteId, option, options);
  return { ...rewrite(tools, site, [...descriptor.slots, slot]), slot };
}

/** Docs: `Keys.removeSlot`. */
export function removeSlot(tools: KeyTools, site: OpenSite, slotId: string): WrittenDescriptor {
  assertEncrypted(site);
  const left = without(site, slotId, "keys.remove");
  if (!left.some((slot) => slot.kind !== "unknown")) {
    const hint = "Add another passphrase or a recovery code first, or replace this slot.";
    throw invalid(
      "keys.remove",
      "Expected another slot to remain, found that this is the last one that opens the site.",
      hint,
    );
  }
  return rewrite(tools, site, left);
}

/** Docs: `Keys.replaceSlot`. */
export async function replaceSlot(
  tools: KeyTools,
  site: OpenSite,
  slotId: string,
  option: SlotKeyOption,
  options?: CreateSlotOptions,
): Promise<SlotAdded> {
  const { descriptor, siteKey } = site;
  assertEncrypted(site);
  without(site, slotId, "keys.replace");
  const slot = await createSlot(tools, siteKey, descriptor.siteId, option, options);
  return {
    ...rewrite(
      tools,
      site,
      descriptor.slots.map((old) => (old.id === slotId ? slot : old)),
    ),
    slot,
  };
}

function rewrite(tools: KeyTools, { descriptor, siteKey }: OpenSite, slots: readonly AnySlot[]): WrittenDescriptor {
  const changed = { ...descriptor, slots };
  encodeKeyBlock(changed); // refuses slots that would not fit into a sealed object
  return writeDescriptor(tools, changed, siteKey);
}

function without({ descriptor }: OpenSite, slotId: string, operation: string): readonly AnySlot[] {
  const left = descriptor.slots.filter((slot) => slot.id !== slotId);
  if (left.length < descriptor.slots.length) return left;
  const ids = descriptor.slots.map((slot) => slot.id).join(", ");
  throw invalid(operation, `Expected the id of one of the site's slots (${ids}), found "${slotId}".`);
}

function assertEncrypted({ descriptor, siteKey }: OpenSite): void {
  assertSiteKey(siteKey, "keys.change");
  if (descriptor.suite !== null) return;
  const hint = "Make a new, encrypted site and back up to it.";
  throw invalid("keys.change", "Expected an encrypted site, found one without encryption, which has no keys.", hint);
}
