import {
  type AbortOptions,
  type CipherSuite,
  type Format,
  isLifeboatError,
  LifeboatError,
  type Storage,
} from "@lifeboat/contracts";
import {
  createDescriptor,
  decodeDocument,
  deriveSubkey,
  type OpenedDescriptor,
  openDescriptor,
  readDescriptor,
  type SiteDescriptor,
  type SiteKeyOption,
  type WrittenDescriptor,
} from "@lifeboat/crypto";

/** Where the site's descriptor lies. */
export const DESCRIPTOR_KEY = "lifeboat.json";
/** A second copy: without a descriptor a site's key is lost, and all data with it. */
export const DESCRIPTOR_COPY_KEY = "lifeboat.copy.json";

const FORMAT_VERSION = 1;
const MAX_DESCRIPTOR_BYTES = 1 << 20;
/** Where a site's data lies: none of it is there before the descriptor. */
const DATA_PREFIXES = ["backups/", "packs/", "index/"];

/** A descriptor that was read, and what the two copies of it are like. */
export interface FoundDescriptor extends OpenedDescriptor {
  readonly bytes: Uint8Array;
  /** The copy that is absent, damaged or out of date. */
  readonly stale: string | null;
}

/** What a new site is made with. */
export interface NewSite {
  readonly format: Format;
  readonly key: SiteKeyOption;
  readonly suite?: CipherSuite | undefined;
}

/** How a descriptor is looked for. */
export interface FindDescriptorOptions extends AbortOptions {
  /** One whose key is known already: the same bytes need not be opened again, which a passphrase makes slow. */
  readonly known?: NewDescriptor | undefined;
}

/**
 * Reads and opens a site's descriptor, from its copy where the first is absent or
 * damaged; `null` where the storage holds no site.
 *
 * @throws CORRUPT where there is data and no readable descriptor; WRONG_KEY; INCOMPATIBLE; UNSUPPORTED
 */
export async function findDescriptor(
  storage: Storage,
  key: SiteKeyOption,
  { known, signal }: FindDescriptorOptions = {},
): Promise<FoundDescriptor | null> {
  const open = async (bytes: Uint8Array): Promise<OpenedDescriptor> =>
    known !== undefined && Buffer.compare(bytes, known.bytes) === 0 ? known : openDescriptor(bytes, key);
  const first = await readSmall(storage, DESCRIPTOR_KEY, { signal });
  const copy = await readSmall(storage, DESCRIPTOR_COPY_KEY, { signal });
  if (first !== null) {
    try {
      const stale = copy !== null && Buffer.compare(first, copy) === 0 ? null : DESCRIPTOR_COPY_KEY;
      return { ...(await open(first)), bytes: first, stale };
    } catch (error) {
      // Only damage sends us to the copy: a key that was taken out must not open it there.
      if (!isLifeboatError(error, "CORRUPT") || copy === null) throw error;
    }
  }
  if (copy !== null) return { ...(await open(copy)), bytes: copy, stale: DESCRIPTOR_KEY };
  for (const prefix of DATA_PREFIXES) {
    for await (const { key: data } of storage.list(prefix, { signal })) {
      // A host that has made the site since we looked may have put data into it by now.
      if (await hasDescriptor(storage, { signal })) return findDescriptor(storage, key, { known, signal });
      throw descriptorLost(storage, data);
    }
  }
  return null;
}

async function hasDescriptor(storage: Storage, options: AbortOptions): Promise<boolean> {
  if ((await storage.stat(DESCRIPTOR_KEY, options)) !== null) return true;
  return (await storage.stat(DESCRIPTOR_COPY_KEY, options)) !== null;
}

/** A descriptor that was just made, open as it is. */
export interface NewDescriptor extends WrittenDescriptor, OpenedDescriptor {}

/** The descriptor of a new site, not written anywhere yet. */
export async function newDescriptor({ format, key, suite }: NewSite): Promise<NewDescriptor> {
  const settings = format.settings?.();
  const made = await createDescriptor({ format: format.name, formatVersion: FORMAT_VERSION, key, suite, settings });
  return { ...made, slotId: made.descriptor.slots[0]?.id ?? null };
}

/** Puts a new site's descriptor where there is none, and answers what lies there then: that counts, for all hosts. */
export async function putNewDescriptor(
  storage: Storage,
  created: NewDescriptor,
  key: SiteKeyOption,
): Promise<FoundDescriptor> {
  try {
    await storage.put(DESCRIPTOR_KEY, created.bytes, { ifAbsent: true });
  } catch (error) {
    if (!isLifeboatError(error, "ALREADY_EXISTS")) throw error;
  }
  const found = await findDescriptor(storage, key, { known: created });
  if (found === null) throw vanished(storage);
  return found;
}

/** The descriptor of an open site, and where it was found. */
export interface CurrentDescriptor extends WrittenDescriptor {
  /** Whether it is that of the copy, because the first is absent or damaged. */
  readonly fromCopy: boolean;
}

/**
 * Reads the descriptor of a site whose key is known, from its copy where the first is
 * absent or damaged. Writes nothing.
 *
 * @throws CORRUPT where neither is whole and authentic; INCOMPATIBLE where it is another site's
 */
export async function currentDescriptor(
  storage: Storage,
  siteId: string,
  siteKey: Uint8Array | null,
  options: AbortOptions = {},
): Promise<CurrentDescriptor> {
  const authentic = (bytes: Uint8Array, fromCopy: boolean): CurrentDescriptor => {
    return { bytes, fromCopy, descriptor: read(bytes, siteId, siteKey) };
  };
  const first = await readSmall(storage, DESCRIPTOR_KEY, options);
  try {
    if (first !== null) return authentic(first, false);
  } catch (error) {
    if (!isLifeboatError(error, "CORRUPT")) throw error;
  }
  const copy = await readSmall(storage, DESCRIPTOR_COPY_KEY, options);
  if (copy === null) throw descriptorLost(storage, siteId);
  return authentic(copy, true);
}

/**
 * Makes sure that the storage still holds this site, so that nothing is committed
 * under a key that is lost.
 *
 * @throws CONFLICT where it holds another one by now; CORRUPT where it has no descriptor any more
 */
export async function expectSite(
  storage: Storage,
  siteId: string,
  siteKey: Uint8Array | null,
  options: AbortOptions = {},
): Promise<void> {
  try {
    await currentDescriptor(storage, siteId, siteKey, options);
  } catch (error) {
    throw isLifeboatError(error, "INCOMPATIBLE") ? replacedSite(storage, error) : error;
  }
}

/**
 * The descriptor of a site that was opened before, as it lies in the storage now;
 * `null` where it is absent, damaged or another site's. Writes nothing.
 */
export async function rereadDescriptor(
  storage: Storage,
  siteId: string,
  siteKey: Uint8Array | null,
  options: AbortOptions = {},
): Promise<SiteDescriptor | null> {
  const bytes = await readSmall(storage, DESCRIPTOR_KEY, options);
  if (bytes === null) return null;
  try {
    return read(bytes, siteId, siteKey);
  } catch (error) {
    if (isLifeboatError(error, "CORRUPT") || isLifeboatError(error, "INCOMPATIBLE")) return null;
    throw error;
  }
}

/** @throws CORRUPT, UNSUPPORTED; INCOMPATIBLE where it is another site's */
function read(bytes: Uint8Array, siteId: string, siteKey: Uint8Array | null): SiteDescriptor {
  const macKey = siteKey && deriveSubkey(siteKey, "manifest-mac");
  decodeDocument(bytes, { macKey, siteId, context: { type: "site", id: siteId }, operation: "site.open" });
  return readDescriptor(bytes);
}

/** Writes the copy that is absent, damaged or out of date. Only under a lease: a change of keys may be under way. */
export async function mendDescriptor(storage: Storage, { bytes, stale }: FoundDescriptor): Promise<void> {
  if (stale !== null) await storage.put(stale, bytes);
}

/**
 * Replaces a descriptor. Both copies open the site at every moment: each is
 * written whole or not at all, and the first before the second, so that a crash
 * in between leaves the new one and an old one, which the next backup mends.
 *
 * @throws CONFLICT where somebody else has changed it since `before`
 */
export async function replaceDescriptor(storage: Storage, before: Uint8Array, after: Uint8Array): Promise<void> {
  await expectBytes(storage, before);
  await storage.put(DESCRIPTOR_KEY, after);
  await expectBytes(storage, after);
  await storage.put(DESCRIPTOR_COPY_KEY, after);
}

/** @throws UNSUPPORTED, INCOMPATIBLE where the site is not of this format */
export function assertFormat(storage: Storage, { descriptor }: OpenedDescriptor, format: Format): void {
  if (descriptor.format !== format.name) {
    throw new LifeboatError({
      code: "INCOMPATIBLE",
      operation: "site.open",
      key: DESCRIPTOR_KEY,
      message: `Expected a site of format ${format.name} in ${storage.name}, found one of format ${descriptor.format}.`,
      hint: `Open it with the format ${descriptor.format}, or use an empty place for a new site.`,
    });
  }
  if (descriptor.formatVersion > FORMAT_VERSION) {
    throw new LifeboatError({
      code: "UNSUPPORTED",
      operation: "site.open",
      key: DESCRIPTOR_KEY,
      message: `Expected version ${FORMAT_VERSION} of the format ${format.name}, found ${descriptor.formatVersion}.`,
      hint: "A newer Lifeboat made this site: update this one.",
    });
  }
}

async function expectBytes(storage: Storage, expected: Uint8Array): Promise<void> {
  const found = await readSmall(storage, DESCRIPTOR_KEY);
  if (found !== null && Buffer.compare(found, expected) === 0) return;
  throw new LifeboatError({
    code: "CONFLICT",
    operation: "keys.change",
    key: DESCRIPTOR_KEY,
    message: "The site's keys were changed by another host at the same time.",
    hint: "List the keys again, and repeat the change if it is not among them.",
  });
}

async function readSmall(storage: Storage, key: string, options: AbortOptions = {}): Promise<Uint8Array | null> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of storage.get(key, options)) {
      size += piece.length;
      if (size > MAX_DESCRIPTOR_BYTES) break; // its check can't hold then, which says it better
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  } catch (error) {
    if (isLifeboatError(error, "NOT_FOUND")) return null;
    throw error;
  }
}

function descriptorLost(storage: Storage, found: string): LifeboatError {
  return new LifeboatError({
    code: "CORRUPT",
    operation: "site.open",
    key: DESCRIPTOR_KEY,
    message: `${storage.name} holds a site's data (${found}), but neither ${DESCRIPTOR_KEY} nor ${DESCRIPTOR_COPY_KEY}.`,
    hint: "Put one of them back from wherever the site was copied to; each part of an archive also carries the key slots.",
  });
}

function replacedSite(storage: Storage, cause: LifeboatError): LifeboatError {
  return new LifeboatError({
    code: "CONFLICT",
    operation: "site.open",
    key: DESCRIPTOR_KEY,
    retryable: true,
    message: `${storage.name} held this site when the run began, and holds another one now.`,
    hint: "Nothing was committed. Run it again: it then uses the site that is there.",
    cause,
  });
}

function vanished(storage: Storage): LifeboatError {
  return new LifeboatError({
    code: "CONFLICT",
    operation: "site.create",
    key: DESCRIPTOR_KEY,
    retryable: true,
    message: `${DESCRIPTOR_KEY} was written to ${storage.name}, and is not there any more.`,
    hint: "Check who else deletes from this storage.",
  });
}
