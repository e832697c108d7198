import type { AbortOptions, CipherSuite, FormatName, Json } from "@lifeboat/contracts";
import { toHex } from "./bytes.ts";
import { type DocumentValue, encodeDocument, readDocument } from "./document.ts";
import { fail, invalid } from "./errors.ts";
import { subkey } from "./hkdf.ts";
import type { SiteKeyOption } from "./key-options.ts";
import { type AnySlot, parseSlots, slotToJson } from "./slot.ts";
import { type CreateSlotOptions, createSlot, type KeyTools, keyNeeded, openSlots } from "./slots.ts";

/** What `lifeboat.json` says (docs/spec/site.md). */
export interface SiteDescriptor {
  readonly version: 1;
  /** Hex of 16 bytes. */
  readonly siteId: string;
  /** ISO 8601 in UTC. */
  readonly created: string;
  readonly format: FormatName;
  readonly formatVersion: number;
  /** The suite of new sealed objects; `null` where the site is not encrypted. */
  readonly suite: CipherSuite | null;
  readonly slots: readonly AnySlot[];
  /** Members that a newer version may have added; kept when it is rewritten. */
  readonly other: { readonly [member: string]: Json };
}

/** What a new site is made from. */
export interface CreateDescriptorOptions extends CreateSlotOptions {
  readonly format: FormatName;
  readonly formatVersion: number;
  /** Default: 1, AES-256-GCM. Not looked at where the site is not encrypted. */
  readonly suite?: CipherSuite | undefined;
  readonly key: SiteKeyOption;
  /** What the format keeps in the descriptor, under its name. Default: nothing. */
  readonly settings?: Json | undefined;
}

/** A descriptor, and the key where there is one. */
export interface OpenedDescriptor {
  readonly descriptor: SiteDescriptor;
  /** 32 bytes, secret; `null` where the site is not encrypted. */
  readonly siteKey: Uint8Array | null;
  /** Which slot opened. */
  readonly slotId: string | null;
}

/** A descriptor, and its bytes as they go into `lifeboat.json`. */
export interface WrittenDescriptor {
  readonly bytes: Uint8Array;
  readonly descriptor: SiteDescriptor;
}

const TYPE = "lifeboat site";
const FORMATS: readonly string[] = ["archive", "dedup", "mirror"] satisfies FormatName[];

/** Docs: `Keys.createDescriptor`. */
export async function createDescriptor(
  tools: KeyTools,
  { format, formatVersion, suite = 1, key, settings, label, signal }: CreateDescriptorOptions,
): Promise<WrittenDescriptor & { readonly siteKey: Uint8Array | null }> {
  if (!FORMATS.includes(format) || !isVersion(formatVersion) || (suite !== 1 && suite !== 2)) {
    throw invalid(
      "site.create",
      `Expected a known format, version and suite, found ${format}, ${formatVersion}, ${suite}.`,
    );
  }
  const siteId = toHex(tools.random(16));
  const other = settings === undefined ? {} : { [format]: settings };
  const base = { version: 1, siteId, created: tools.now().toISOString(), format, formatVersion, other } as const;
  if (key.kind === "unencrypted") {
    return { ...writeDescriptor(tools, { ...base, suite: null, slots: [] }, null), siteKey: null };
  }
  const siteKey = tools.random(32);
  const slot = await createSlot(tools, siteKey, siteId, key, { label, signal });
  return { ...writeDescriptor(tools, { ...base, suite, slots: [slot] }, siteKey), siteKey };
}

/** The bytes of a descriptor. */
export function writeDescriptor(
  tools: KeyTools,
  descriptor: SiteDescriptor,
  siteKey: Uint8Array | null,
): WrittenDescriptor {
  const { version, siteId, created, format, formatVersion, suite, slots, other } = descriptor;
  const members = { type: TYPE, version, siteId, created, format, formatVersion, suite };
  const value = { ...members, slots: slots.map(slotToJson), ...other };
  const macKey = siteKey === null ? null : subkey(tools.primitives, siteKey, "manifest-mac");
  const context = { type: "site", id: siteId };
  return { bytes: encodeDocument(tools.primitives, value, { macKey, context }), descriptor };
}

/** Docs: `Keys.openDescriptor`. */
export async function openDescriptor(
  tools: KeyTools,
  bytes: Uint8Array,
  option: SiteKeyOption,
  { signal }: AbortOptions = {},
): Promise<OpenedDescriptor> {
  const { value, verify } = readDocument(tools.primitives, bytes, { type: "site", id: "" }, "site.open");
  const descriptor = parseDescriptor(value);
  const context = { type: "site", id: descriptor.siteId };
  if (descriptor.suite === null) {
    if (option.kind !== "unencrypted") throw notEncrypted();
    verify(null, context);
    return { descriptor, siteKey: null, slotId: null };
  }
  if (option.kind === "unencrypted") throw keyNeeded(descriptor.slots);
  const { siteKey, slotId } = await openSlots(tools, descriptor.slots, descriptor.siteId, option, { signal });
  verify(subkey(tools.primitives, siteKey, "manifest-mac"), context);
  return { descriptor, siteKey, slotId };
}

/** Docs: `Keys.readDescriptor`. */
export function readDescriptor(tools: KeyTools, bytes: Uint8Array): SiteDescriptor {
  return parseDescriptor(readDocument(tools.primitives, bytes, { type: "site", id: "" }, "site.open").value);
}

function parseDescriptor(value: DocumentValue): SiteDescriptor {
  const { type, version, siteId, created, format, formatVersion, suite, slots, ...other } = value;
  if (type !== TYPE) throw malformed("type");
  if (!isVersion(version)) throw malformed("version");
  if (version !== 1) throw unsupported("version", version);
  if (typeof siteId !== "string" || !/^[0-9a-f]{32}$/.test(siteId)) throw malformed("siteId");
  if (typeof created !== "string") throw malformed("created");
  if (typeof format !== "string") throw malformed("format");
  if (!isFormat(format)) throw unsupported("format", format);
  if (!isVersion(formatVersion)) throw malformed("formatVersion");
  if (suite !== null && !isVersion(suite)) throw malformed("suite");
  if (suite !== null && suite !== 1 && suite !== 2) throw unsupported("suite", suite);
  const parsed = parseSlots(slots, "site.open");
  if ((suite === null) !== (parsed.length === 0)) throw malformed("slots");
  return { version, siteId, created, format, formatVersion, suite, slots: parsed, other };
}

function isFormat(format: string): format is FormatName {
  return FORMATS.includes(format);
}

function isVersion(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1;
}

function malformed(member: string) {
  const message = `Expected a site descriptor, found one whose member "${member}" is missing or of another form.`;
  return fail("CORRUPT", "site.open", message, "Restore lifeboat.json from another copy.");
}

function unsupported(what: string, found: string | number) {
  const message = `Expected a site of a ${what} that this version knows, found ${what} ${JSON.stringify(found)}.`;
  return fail("UNSUPPORTED", "site.open", message, "Open it with a newer version of Lifeboat.");
}

function notEncrypted() {
  const message = "Expected an encrypted site, found one without encryption.";
  const hint = "If the site is meant to be so, say unencrypted(); if not, somebody has replaced its lifeboat.json.";
  return fail("INCOMPATIBLE", "site.open", message, hint);
}
