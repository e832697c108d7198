import type { CipherSuite, SiteContext } from "@lifeboat/contracts";
import { deriveSubkey } from "@lifeboat/crypto";

/** What a site's packs, indexes and lists are sealed with. */
export interface SealingKey {
  /** 32 bytes. */
  readonly siteKey: Uint8Array;
  readonly suite: CipherSuite;
}

/** Where there is no encryption: a key that everybody knows, so that there is one layout. */
const KNOWN: SealingKey = { siteKey: new Uint8Array(32), suite: 1 };

/** The `K` of docs/spec/dedup.md. */
export function sealingKey({ secret }: Pick<SiteContext, "secret">): SealingKey {
  return secret === null ? KNOWN : { siteKey: secret.key, suite: secret.suite };
}

/** The seed of the gear table, 32 bytes. */
export function chunkTableSeed({ siteKey }: SealingKey): Uint8Array {
  return deriveSubkey(siteKey, "chunk-table");
}

/** The key of chunks' ids, 32 bytes. */
export function chunkIdKey({ siteKey }: SealingKey): Uint8Array {
  return deriveSubkey(siteKey, "chunk-id");
}
