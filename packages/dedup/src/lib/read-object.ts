import type { AbortOptions, Storage } from "@lifeboat/contracts";
import { concatBytes } from "@lifeboat/frames";
import { corrupt } from "./errors.ts";

/**
 * A whole object that is known to be small.
 *
 * @throws NOT_FOUND; CORRUPT where it is longer than `most` bytes
 */
export async function readObject(
  storage: Storage,
  key: string,
  most: number,
  options: AbortOptions = {},
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of storage.get(key, options)) {
    size += piece.length;
    if (size > most) throw corrupt(key, `it has more than ${most} bytes`, key);
    pieces.push(piece);
  }
  return concatBytes(pieces);
}
