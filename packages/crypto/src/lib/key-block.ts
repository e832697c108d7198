import type { AbortOptions, Json } from "@lifeboat/contracts";
import { utf8 } from "./bytes.ts";
import type { SiteDescriptor } from "./descriptor.ts";
import { fail, invalid } from "./errors.ts";
import { MAX_KEY_BLOCK_BYTES } from "./header.ts";
import type { SiteKeyOption } from "./key-options.ts";
import { type AnySlot, isObject, parseSlots, slotToJson } from "./slot.ts";
import { type KeyTools, type OpenedSlots, openSlots } from "./slots.ts";

/** What a sealed object carries of its site. */
export interface KeyBlock {
  readonly siteId: string;
  readonly slots: readonly AnySlot[];
}

/**
 * A site's slots as a sealed object carries them, so that it opens anywhere
 * (docs/spec/site.md, "Key block"). Empty where the site is not encrypted.
 *
 * @throws INVALID where they take more than 65,536 bytes
 */
export function encodeKeyBlock({ siteId, slots }: Pick<SiteDescriptor, "siteId" | "slots">): Uint8Array {
  if (slots.length === 0) return new Uint8Array(0);
  const bytes = utf8(JSON.stringify({ siteId, slots: slots.map(slotToJson) }));
  if (bytes.length > MAX_KEY_BLOCK_BYTES) {
    const message = `Expected slots that take at most ${MAX_KEY_BLOCK_BYTES} bytes, found ${bytes.length}.`;
    throw invalid("keys.block", message, "Remove key slots that are no longer used.");
  }
  return bytes;
}

/**
 * Reads a key block.
 *
 * @throws CORRUPT where it is malformed; INVALID where it is empty
 */
export function parseKeyBlock(bytes: Uint8Array): KeyBlock {
  if (bytes.length === 0) {
    const hint = "Open it with the site's lifeboat.json.";
    throw invalid("keys.block", "Expected a sealed object that carries its key slots, found one without.", hint);
  }
  let value: Json;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) throw malformed("it is not JSON");
    throw error;
  }
  if (!isObject(value) || typeof value.siteId !== "string") throw malformed("it names no site");
  return { siteId: value.siteId, slots: parseSlots(value.slots, "keys.block") };
}

/** Docs: `Keys.openKeyBlock`. */
export async function openKeyBlock(
  tools: KeyTools,
  bytes: Uint8Array,
  option: SiteKeyOption,
  options?: AbortOptions,
): Promise<OpenedSlots & { readonly siteId: string }> {
  const { siteId, slots } = parseKeyBlock(bytes);
  return { ...(await openSlots(tools, slots, siteId, option, options)), siteId };
}

function malformed(why: string) {
  return fail("CORRUPT", "keys.block", `The key block of the sealed object is malformed: ${why}.`);
}
