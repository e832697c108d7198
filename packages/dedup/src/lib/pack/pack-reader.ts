import type { AbortOptions, Storage } from "@lifeboat/contracts";
import { openSealed, type RandomReader, SealedKind, type SealState } from "@lifeboat/crypto";
import { collectBytes } from "@lifeboat/frames";
import { corrupt } from "../errors.ts";
import { decodePackTable, type PackDirectory } from "./layout.ts";
import { MAX_PACK_BYTES } from "./limits.ts";
import { packKey } from "./pack-name.ts";

/** What a pack says of itself. */
export interface OpenPack {
  readonly directory: PackDirectory;
  /** What opens its frames; secret. */
  readonly seal: SealState;
}

/** Where a pack is and what opens it. */
export interface PackSite {
  readonly storage: Storage;
  readonly siteKey: Uint8Array;
}

/**
 * Reads a pack's header, trailer and table: two or three small requests.
 *
 * @param size bytes of the object, as the listing or the index has it
 * @throws NOT_FOUND; CORRUPT where it is cut off, damaged, or longer than it may be; WRONG_KEY; INCOMPATIBLE; UNSUPPORTED
 */
export async function openPack(
  { storage, siteKey }: PackSite,
  id: string,
  size: number,
  options: AbortOptions = {},
): Promise<OpenPack> {
  const key = packKey(id);
  if (size > MAX_PACK_BYTES) throw corrupt(`The pack ${key}`, `it has ${size} bytes, more than any may have`, key);
  const reader: RandomReader = {
    size,
    async read({ start, end }, { signal } = options) {
      const bytes = await collectBytes(storage.get(key, { range: { start, end }, signal }));
      if (bytes.length === end - start) return bytes;
      throw corrupt(`The pack ${key}`, `it ends at byte ${start + bytes.length}, before byte ${end}`, key);
    },
  };
  const sealed = await openSealed(reader, siteKey, { kind: SealedKind.pack, signal: options.signal });
  return { directory: decodePackTable(sealed.table, key), seal: sealed.state };
}
