import { closeSync, fstatSync } from "node:fs";
import { openLocal, readInto } from "@lifeboat/frames";
import type { Handler } from "@lifeboat/threads";
import { ID_BYTES, sameBytes } from "../bytes.ts";
import { chunkIds } from "../id.ts";

/** What a thread that compares files is started with. */
export interface MatchSetup {
  /** The subkey `chunk-id`. */
  readonly idKey: Uint8Array;
}

/** Chunks to be compared with the bytes of a file. */
export interface MatchTask {
  /** Absolute, escaped as entry paths are. */
  readonly path: string;
  /** The byte of the file that the first chunk begins at. */
  readonly position: number;
  /** Bytes of each chunk. */
  readonly lengths: Uint32Array;
  /** 32 bytes for each. */
  readonly ids: Uint8Array;
  /** Whether the file must end behind them. */
  readonly last: boolean;
}

/** Answers whether the bytes are those of the chunks. */
export function startMatchHandler({ idKey }: MatchSetup): Handler<MatchTask, boolean> {
  const idOf = chunkIds(idKey);
  let room = new Uint8Array(0);

  function matches(fd: number, { position, lengths, ids, last }: MatchTask): boolean {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return false;
    let at = position;
    for (const [n, length] of lengths.entries()) {
      if (room.length < length) room = new Uint8Array(length);
      const bytes = room.subarray(0, length);
      if (readInto(fd, bytes, at) < length) return false;
      if (!sameBytes(idOf(bytes), ids.subarray(n * ID_BYTES, (n + 1) * ID_BYTES))) return false;
      at += length;
    }
    return !last || stat.size === at;
  }

  return (task) => {
    let fd: number;
    try {
      fd = openLocal(task);
    } catch {
      return false; // what can't be read is not known to be the same
    }
    try {
      return matches(fd, task);
    } catch {
      return false;
    } finally {
      closeSync(fd);
    }
  };
}
