import { equalBytes, utf8 } from "./bytes.ts";
import { fail, invalid } from "./errors.ts";
import type { SealedHeader, SealedKind } from "./header.ts";
import { hkdf } from "./hkdf.ts";
import type { Primitives } from "./primitives.ts";
import type { SealState } from "./segment.ts";

/** The site key, 32 bytes, or what finds it once the header, with its key block, is read. */
export type SiteKeySource = Uint8Array | ((header: SealedHeader) => Uint8Array | Promise<Uint8Array>);

const COMMIT = utf8("lifeboat/1 commit");
const SEAL = utf8("lifeboat/1 seal");

/** What a header says of its key, without telling the key. */
export function commitmentOf(p: Primitives, siteKey: Uint8Array, salt: Uint8Array, fixed: Uint8Array): Uint8Array {
  return hkdf(p, siteKey, salt, COMMIT, fixed);
}

/** The key of one object's segments. */
export function sealKey(p: Primitives, siteKey: Uint8Array, salt: Uint8Array, digest: Uint8Array): Uint8Array {
  return hkdf(p, siteKey, salt, SEAL, digest);
}

/** Docs: `Sealing.openHeader`. */
export function openHeader(p: Primitives, header: SealedHeader, siteKey: Uint8Array, kind?: SealedKind): SealState {
  assertSiteKey(siteKey, "sealed.open");
  if (kind !== undefined && kind !== header.kind) {
    const message = `Expected a sealed object of kind ${kind}, found kind ${header.kind}.`;
    throw fail("INCOMPATIBLE", "sealed.open", message, "Check whether the file lies where it belongs.");
  }
  if (!equalBytes(commitmentOf(p, siteKey, header.salt, header.fixed), header.commitment)) {
    const message = "The sealed object is whole, but was made under another site key than the one given.";
    throw fail("WRONG_KEY", "sealed.open", message, "Open it with the key of the site that it was made in.");
  }
  return { suite: header.suite, key: sealKey(p, siteKey, header.salt, header.digest) };
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
