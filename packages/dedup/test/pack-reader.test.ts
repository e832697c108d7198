import { isLifeboatError, type Storage } from "@lifeboat/contracts";
import { sealBytes } from "@lifeboat/crypto";
import { describe, expect, it } from "vitest";
import { packKey } from "../src/lib/pack/pack-name.ts";
import { openPack } from "../src/lib/pack/pack-reader.ts";
import { KEY } from "./support.ts";
import { WrittenSite } from "./written.ts";

const CHUNKS = ["Women and children first.", "lifeboat", "x"].map((text) => Buffer.from(text));

async function written() {
  const site = new WrittenSite({ frameBytes: 20, codec: "stored" });
  const [pack] = await site.putChunks("data", CHUNKS);
  if (pack === undefined) throw new Error("There is no pack.");
  const bytes: Buffer[] = [];
  for await (const piece of site.storage.get(packKey(pack.id))) bytes.push(Buffer.from(piece));
  return { storage: site.storage, pack, bytes: Buffer.concat(bytes) };
}

async function codeOf(storage: Storage, id: string, size: number, siteKey = KEY.siteKey): Promise<string> {
  try {
    await openPack({ storage, siteKey }, id, size);
    return "nothing";
  } catch (error) {
    if (isLifeboatError(error)) return error.code;
    throw error;
  }
}

describe("A pack's own table", () => {
  it("says what the index says", async () => {
    const { storage, pack } = await written();
    const { directory } = await openPack({ storage, siteKey: KEY.siteKey }, pack.id, pack.size);
    expect(directory).toEqual(pack.directory);
  });

  it("is refused wherever the pack is cut off", async () => {
    const { storage, pack, bytes } = await written();
    for (let length = 0; length < bytes.length; length++) {
      await storage.put(packKey(pack.id), bytes.subarray(0, length));
      expect(await codeOf(storage, pack.id, length), `${length}`).toBe("CORRUPT");
      expect(await codeOf(storage, pack.id, pack.size), `${length}`).toBe("CORRUPT");
    }
    await storage.put(packKey(pack.id), Buffer.concat([bytes, bytes]));
    expect(await codeOf(storage, pack.id, 2 * bytes.length)).toBe("CORRUPT");
  });

  it("is refused wherever a bit of header, table or trailer is turned", async () => {
    const { storage, pack, bytes } = await written();
    const frames = 96 + pack.directory.frames.reduce((sum, { length }) => sum + length + 20, 0);
    for (let at = 0; at < bytes.length; at += at === 95 ? frames - 95 : 1) {
      const wrong = Buffer.from(bytes);
      wrong[at] = (wrong[at] ?? 0) ^ (1 << (at % 8));
      await storage.put(packKey(pack.id), wrong);
      expect(await codeOf(storage, pack.id, pack.size), `${at}`).toBe("CORRUPT");
    }
  });

  it("is told apart from another key's, another kind of object, and none at all", async () => {
    const { storage, pack } = await written();
    expect(await codeOf(storage, pack.id, pack.size, new Uint8Array(32).fill(9))).toBe("WRONG_KEY");
    const field = sealBytes({ plaintext: Buffer.from("a field"), ...KEY });
    await storage.put(packKey(pack.id), field);
    expect(await codeOf(storage, pack.id, field.length)).toBe("INCOMPATIBLE");
    await storage.delete([packKey(pack.id)]);
    expect(await codeOf(storage, pack.id, pack.size)).toBe("NOT_FOUND");
    expect(await codeOf(storage, pack.id, 129 << 20)).toBe("CORRUPT"); // longer than any may be: not even asked for
  });
});
