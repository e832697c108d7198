import { createHash } from "node:crypto";
import type { EntryInfo } from "@lifeboat/contracts";

/** Whether bytes are exactly an entry's content, by its SHA-256 or by what else the format tells it by. */
export async function isContent(
  { size, sha256, content }: EntryInfo,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<boolean> {
  if (sha256 === undefined) return (await content?.matches(bytes, { signal })) ?? false;
  const hash = createHash("sha256");
  let length = 0;
  for await (const piece of bytes) {
    length += piece.length;
    if (length > size) return false;
    hash.update(piece);
  }
  return length === size && hash.digest("hex") === sha256;
}
