import { equalBytes, utf8 } from "./bytes.ts";
import { fail, invalid } from "./errors.ts";
import type { SealedHeader, SealedKind } from "./header.ts";
import { expand, extract } from "./hkdf.ts";
import type { Primitives } from "./primitives.ts";
import type { SealState } from "./segment.ts";

/** The site key, 32 bytes, or what finds it once the header, with its key block, is read. */
export type SiteKeySource = Uint8Array | ((header: SealedHeader) => Uint8Array | Promise<Uint8Array>);

const COMMIT = utf8("lifeboat/1 commit");
const SEAL = utf8("lifeboat/1 seal");

/** What one object's keys are derived from, by the site key and its salt. */
export interface ObjectKeys {
  /** What a header says of its key, without telling the key. */
  commitment(fixed: Uint8Array): Uint8Array;
  /** The key of its segments. */
  sealKey(digest: Uint8Array): Uint8Array;
}

/** The keys of the object with this salt. */
export function objectKeys(p: Primitives, siteKey: Uint8Array, salt: Uint8Array): ObjectKeys {
  const extracted = extract(p, siteKey, salt);
  return {
    commitment: (fixed) => expand(p, extracted, COMMIT, fixed),
    sealKey: (digest) => expand(p, extracted, SEAL, digest),
  };
}

/** Docs: `Sealing.openHeader`. */
export function openHeader(p: Primitives, header: SealedHeader, siteKey: Uint8Array, kind?: SealedKind): SealState {
  assertSiteKey(siteKey, "sealed.open");
  if (kind !== undefined && kind !== header.kind) {
    const message = `Expected a sealed object of kind ${kind}, found kind ${header.kind}.`;
    throw fail("INCOMPATIBLE", "sealed.open", message, "Check whether the file lies where it belongs.");
  }
  const keys = objectKeys(p, siteKey, header.salt);
  if (!equalBytes(keys.commitment(header.fixed), header.commitment)) {
    const message = "The sealed object is whole, but was made under another site key than the one given.";
    throw fail("WRONG_KEY", "sealed.open", message, "Open it with the key of the site that it was made in.");
  }
  return { suite: header.suite, key: keys.sealKey(header.digest) };
}

/** The key, from whichever source. */
export async function siteKeyFor(key: SiteKeySource, header: SealedHeader): Promise<Uint8Array> {
  return typeof key === "function" ? await key(header) : key;
}

/** Refuses what is no site key. */
export function assertSiteKey(siteKey: Uint8Array, operation: string): void {
  if (!(siteKey instanceof Uint8Array) || siteKey.length !== 32) {
    throw invalid(operation, "Expected a site key of 32 bytes, found something else.");
  }
}
