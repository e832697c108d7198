import { ID_BYTES } from "../bytes.ts";
import type { ChunkClaims } from "../index/chunk-tables.ts";
import { chunksOfBody } from "../list/references.ts";
import type { Body, Refs } from "../list/refs.ts";
import type { ChunkReader } from "../read/chunks.ts";
import { isDamage } from "../read/read-errors.ts";
import { PreviousRows } from "./previous.ts";

/** The list of a source in the backup before, as a part is written beside it. */
export interface PreviousList {
  readonly rows: PreviousRows;
  /** The list's root, where its blocks may be taken over as they are. */
  readonly takeOver: Body | null;
  /** Whether all chunks of a body may be relied on. */
  isReliable(body: Body): boolean | Promise<boolean>;
}

/**
 * @param lookUp what the site has for certain, where it has to be looked up: packs are condemned, and the
 * previous backup may rely on some of them
 */
export function previousList(root: Body, lists: ChunkReader, lookUp: ChunkClaims | null): PreviousList {
  const rows = new PreviousRows(root, lists);
  if (lookUp === null) return { rows, takeOver: root, isReliable: () => true };
  return { rows, takeOver: null, isReliable: (body) => isThere(body, lists, lookUp) };
}

function isThere(body: Body, lists: ChunkReader, claims: ChunkClaims): boolean | Promise<boolean> {
  if (!hasAll(body.refs, claims)) return false;
  return body.depth === 0 || isThereBeneath(body, lists, claims);
}

async function isThereBeneath(body: Body, lists: ChunkReader, claims: ChunkClaims): Promise<boolean> {
  try {
    let missing = false;
    const read = (id: Uint8Array) => {
      missing ||= !claims.has(id);
      return lists.one(id);
    };
    for await (const refs of chunksOfBody(body, read)) if (missing || !hasAll(refs, claims)) return false;
    return !missing;
  } catch (error) {
    if (isDamage(error)) return false; // it is read anew
    throw error;
  }
}

function hasAll({ count, ids }: Refs, claims: ChunkClaims): boolean {
  for (let n = 0; n < count; n++) if (!claims.has(ids, n * ID_BYTES)) return false;
  return true;
}
