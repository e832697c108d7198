import { createHash } from "node:crypto";
import type { CheckLevel, LifeboatError } from "@lifeboat/contracts";
import { ID_BYTES, sameBytes } from "../bytes.ts";
import type { PackFrames } from "../index/pack-frames.ts";
import type { PackDirectory } from "../pack/layout.ts";
import { packKey } from "../pack/pack-name.ts";
import { openPack } from "../pack/pack-reader.ts";
import type { FrameFetcher, FrameRequest } from "../read/frame-fetch.ts";
import { badPack, isDamage } from "../read/read-errors.ts";
import type { ReadSite } from "../read/reading.ts";

/** How packs are verified. */
export interface PackChecking {
  readonly site: Pick<ReadSite, "storage" | "key">;
  readonly level: Exclude<CheckLevel, "presence">;
  readonly fetcher: FrameFetcher;
  readonly signal: AbortSignal | undefined;
  /** Called with each pack that is done, and what is wrong with it, if anything. */
  readonly onPack: (pack: PackFrames, problem: LifeboatError | undefined) => void | Promise<void>;
}

/** So many packs are read at once. */
const LANES = 4;

/** Reads each pack once, from its first byte to its last. Rejects only where nobody could look. */
export async function verifyPacks(packs: Iterable<PackFrames>, checking: PackChecking): Promise<void> {
  const queue = packs[Symbol.iterator]();
  let failed = false;
  async function lane(): Promise<void> {
    for (let next = queue.next(); next.done !== true && !failed; next = queue.next()) {
      checking.signal?.throwIfAborted();
      await checking.onPack(next.value, await problemIn(next.value, checking));
    }
  }
  const lanes = Array.from({ length: LANES }, () =>
    lane().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  for (const outcome of await Promise.allSettled(lanes)) if (outcome.status === "rejected") throw outcome.reason;
}

/** What is wrong with a pack, or `undefined`. */
async function problemIn(pack: PackFrames, checking: PackChecking): Promise<LifeboatError | undefined> {
  try {
    if (checking.level === "checksum" && isDigestKnown(pack)) await checkDigest(pack, checking);
    else await checkFrames(pack, checking);
    return undefined;
  } catch (error) {
    if (!isDamage(error)) throw error;
    return error.key === packKey(pack.id) ? error : badPack(pack.id, "it does not open", error);
  }
}

/** An index that was made anew from packs doesn't know their digests: then the frames are opened. */
function isDigestKnown({ sha256 }: PackFrames): boolean {
  return sha256.some((byte) => byte !== 0);
}

async function checkDigest(pack: PackFrames, { site, signal }: PackChecking): Promise<void> {
  const hash = createHash("sha256");
  for await (const piece of site.storage.get(packKey(pack.id), { signal, reuse: true })) hash.update(piece);
  const found = hash.digest();
  if (sameBytes(found, pack.sha256)) return;
  throw badPack(pack.id, `its SHA-256 is ${found.toString("hex")}, not ${Buffer.from(pack.sha256).toString("hex")}`);
}

/** Opens every frame, and compares every chunk with its id. */
async function checkFrames(pack: PackFrames, { site, fetcher, signal }: PackChecking): Promise<void> {
  const place = { storage: site.storage, siteKey: site.key.siteKey };
  const { directory } = await openPack(place, pack.id, pack.size, { signal });
  if (!agrees(pack, directory)) throw badPack(pack.id, "its table is not what the index says of it");
  const problems: unknown[] = [];
  const frames: FrameRequest[] = [];
  let first = 0;
  for (const [frame, { chunks }] of directory.frames.entries()) {
    frames.push({
      pack,
      frame,
      keep: false,
      checks: checksOf(directory, first, chunks),
      resolve({ bad }) {
        if (bad.length > 0) problems.push(badPack(pack.id, `chunks of frame ${frame} are not what their ids say`));
      },
      reject: (error) => problems.push(error),
    });
    first += chunks;
  }
  await fetcher.fetch({ pack, frames });
  for (const problem of problems) if (!isDamage(problem)) throw problem;
  if (problems.length > 0) throw problems[0];
}

function agrees(pack: PackFrames, { content, frames }: PackDirectory): boolean {
  if (pack.content !== content || pack.frameCount !== frames.length) return false;
  return frames.every(({ length, expanded, codec, chunks }, n) => {
    const info = pack.info(n);
    return info.length === length && info.expanded === expanded && info.codec === codec && info.chunks === chunks;
  });
}

/** All chunks of a frame. */
function checksOf({ lengths, ids }: PackDirectory, first: number, count: number): FrameRequest["checks"] {
  const spans = new Uint32Array(2 * count);
  let offset = 0;
  for (let n = 0; n < count; n++) {
    const length = lengths[first + n] ?? 0;
    spans.set([offset, length], 2 * n);
    offset += length;
  }
  return { spans, ids: new Uint8Array(ids.subarray(first * ID_BYTES, (first + count) * ID_BYTES)) };
}
