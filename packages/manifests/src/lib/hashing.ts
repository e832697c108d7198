import { createHash } from "node:crypto";
import { type Handler, releaseBytes } from "@lifeboat/threads";

/** The next piece of what is hashed, or its end. */
export type HashTask = { readonly piece: Uint8Array } | { readonly end: true };
/** The lower-case hex SHA-256 at the end, `null` before it. */
export type HashResult = string | null;

/** Hashes one stream of pieces after the other. */
export function hashing(): Handler<HashTask, HashResult> {
  let hash = createHash("sha256");
  return (task) => {
    if ("piece" in task) {
      hash.update(task.piece);
      releaseBytes(task.piece);
      return null;
    }
    const digest = hash.digest("hex");
    hash = createHash("sha256");
    return digest;
  };
}
