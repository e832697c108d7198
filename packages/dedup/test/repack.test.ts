import { type Clock, systemClock } from "@lifeboat/contracts";
import { deriveSubkey } from "@lifeboat/crypto";
import { expect, it } from "vitest";
import { chunkIds } from "../src/lib/id.ts";
import { MAX_PACK_FRAMES } from "../src/lib/pack/limits.ts";
import { PackBuilder } from "../src/lib/pack/pack-builder.ts";
import { packKey } from "../src/lib/pack/pack-name.ts";
import { openFrameSource } from "../src/lib/prune/pack-frames-reader.ts";
import { repack } from "../src/lib/prune/repack.ts";
import { PruneSite } from "./prune-site.ts";
import { KEY } from "./support.ts";

const id = chunkIds(deriveSubkey(KEY.siteKey, "chunk-id"));
/** A minute goes by with each look: what is put is told of in the index at once. */
function hastyClock(): Clock {
  let now = 0;
  return { ...systemClock, monotonic: () => (now += 60_000) };
}

/** A pack of such frames, in the storage. */
async function putPack({ storage }: PruneSite, frames: readonly (readonly Uint8Array[])[]) {
  const builder = new PackBuilder(KEY, "data");
  const pieces = frames.flatMap((chunks) =>
    builder.add({
      codec: "stored",
      bytes: Buffer.concat(chunks),
      lengths: chunks.map(({ length }) => length),
      ids: Buffer.concat(chunks.map((chunk) => id(chunk))),
    }),
  );
  const { pieces: last, pack } = builder.end();
  await storage.put(packKey(pack.id), Buffer.concat([...pieces, ...last]));
  return pack;
}

it("a frame that is compressed anew keeps its own bytes where it ends a pack that is full", async () => {
  const prune = new PruneSite();
  const site = { ...(await prune.open()), clock: hastyClock() };
  const many = await putPack(
    prune,
    Array.from({ length: MAX_PACK_FRAMES }, (_, n) => [Buffer.from(`frame ${n}`)]),
  );
  const wanted = Buffer.from("Women and children first. ".repeat(20_000));
  const half = await putPack(prune, [[wanted, Buffer.from("nobody needs this")]]);
  const { packs, damaged } = await repack(
    site,
    [
      { id: many.id, size: many.size, wants: () => true },
      { id: half.id, size: half.size, wants: (ids, at) => Buffer.compare(ids.subarray(at, at + 32), id(wanted)) === 0 },
    ],
    { targetBytes: 64 << 20 },
  );
  expect(damaged.size).toBe(0);
  expect(packs.map(({ directory }) => directory.frames.length)).toEqual([MAX_PACK_FRAMES, 1]);
  const source = await openFrameSource(site);
  const found: Uint8Array[] = [];
  for await (const { bytes } of source.frames({ id: packs[1]?.id ?? "", size: packs[1]?.size ?? 0 }, () => [0], {})) {
    const expanded = bytes instanceof Uint8Array ? source.expand(bytes, "zstd", wanted.length) : bytes;
    if (expanded instanceof Uint8Array) found.push(expanded);
  }
  expect(found.map((bytes) => Buffer.compare(bytes, wanted))).toEqual([0]);
});
