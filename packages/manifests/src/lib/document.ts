import {
  type AbortOptions,
  type Json,
  LifeboatError,
  type PutOptions,
  type SiteContext,
  type SiteSecret,
} from "@lifeboat/contracts";
import { decodeDocument, deriveSubkey, encodeDocument, openBytes, SealedKind, sealBytes } from "@lifeboat/crypto";
import { type FieldReader, type Fields, fieldReader } from "./fields.ts";

/** Which document of a site, and where it lies. */
export interface SiteDocument {
  readonly type:
    | "manifest"
    | "labels"
    | "lease"
    | "fence"
    | "fences"
    | "condemned"
    | "verified"
    | "verification"
    | "run"
    | "notices";
  /** What it is about, as the MAC binds it: a backup's id, or one made for the document itself. */
  readonly id: string;
  readonly key: string;
  /** The highest version that is understood, and the one that is written. */
  readonly version: number;
}

/** What a document says: to anyone, and to who has the site's key. */
export interface SiteDocumentHalves {
  readonly open: Fields;
  readonly details: Fields;
}

/** A longer document is refused before it is read. */
const MAX_BYTES = 64 << 20;

/**
 * Writes a document: `open` as it stands, `details` sealed where the site is encrypted.
 *
 * @throws ALREADY_EXISTS with `ifAbsent`, and what the storage throws
 */
export async function writeSiteDocument(
  site: SiteContext,
  { type, id, key, version }: SiteDocument,
  open: Readonly<Record<string, Json>>,
  details: Readonly<Record<string, Json>>,
  options: PutOptions = {},
): Promise<Date> {
  const value = { type: `lifeboat ${type}`, version, siteId: site.siteId, id, ...open };
  const hidden = site.secret === null ? { details } : { sealed: seal(site.secret, details) };
  const bytes = encodeDocument({ ...value, ...hidden }, { macKey: macKey(site), context: { type, id } });
  const { modified } = await site.storage.put(key, bytes, options);
  return modified;
}

/**
 * Reads a document, and checks that it is whole, authentic, and the one meant.
 *
 * @throws NOT_FOUND; CORRUPT; WRONG_KEY; INCOMPATIBLE where it belongs to another site; UNSUPPORTED where a newer
 * version wrote it
 */
export async function readSiteDocument(
  site: SiteContext,
  document: SiteDocument,
  options: AbortOptions = {},
): Promise<SiteDocumentHalves> {
  const { type, id, key, version } = document;
  const operation = `${type}.read`;
  const bytes = await readObject(site, key, options);
  const value: Fields = decodeDocument(bytes, {
    macKey: macKey(site),
    context: { type, id },
    operation,
    siteId: site.siteId,
  });
  const read = fieldReader(operation, key);
  if (value.type !== `lifeboat ${type}`) read.refuse("type", `"lifeboat ${type}"`);
  if (read.count(value.version, "version") > version) throw newer(document, value.version);
  if (value.version === 0) read.refuse("version", "1 or higher");
  if (value.id !== id) throw elsewhere(document, value.id);
  return { open: value, details: detailsOf(site, value, read) };
}

function macKey({ secret }: SiteContext): Uint8Array | null {
  return secret === null ? null : deriveSubkey(secret.key, "manifest-mac");
}

function seal({ key, suite }: SiteSecret, details: Readonly<Record<string, Json>>): string {
  const plaintext = Buffer.from(JSON.stringify(details));
  return Buffer.from(sealBytes({ siteKey: key, suite, plaintext })).toString("base64");
}

function detailsOf({ secret }: SiteContext, value: Fields, read: FieldReader): Fields {
  if (secret === null) return read.object(value.details, "details");
  const sealed = read.text(value.sealed, "sealed");
  const bytes = Buffer.from(sealed, "base64");
  if (bytes.toString("base64") !== sealed) read.refuse("sealed", "base64");
  const plaintext = openBytes(bytes, secret.key, { kind: SealedKind.field });
  try {
    return read.object(JSON.parse(Buffer.from(plaintext).toString("utf8")), "the sealed details");
  } catch (error) {
    if (error instanceof SyntaxError) read.refuse("the sealed details", "JSON");
    throw error;
  }
}

function newer({ type, key, version }: SiteDocument, found: unknown): LifeboatError {
  return new LifeboatError({
    code: "UNSUPPORTED",
    operation: `${type}.read`,
    key,
    message: `Expected ${key} in version ${version} or lower, found version ${String(found)}.`,
    hint: "A newer Lifeboat wrote it: update this one.",
  });
}

function elsewhere({ type, key, id }: SiteDocument, found: unknown): LifeboatError {
  return new LifeboatError({
    code: "INCOMPATIBLE",
    operation: `${type}.read`,
    key,
    message: `Expected the ${type} of ${id} at ${key}, found that of ${String(found)}.`,
    hint: "It was copied or moved there: put each backup's folder back under its own name.",
  });
}

async function readObject({ storage }: SiteContext, key: string, options: AbortOptions): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of storage.get(key, options)) {
    size += piece.length;
    if (size > MAX_BYTES) fieldReader("document.read", key).refuse("its size", `at most ${MAX_BYTES} bytes`);
    pieces.push(piece);
  }
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
}
