import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RefList } from "../src/lib/list/refs.ts";
import type { ChunkPlace, PackPlace } from "../src/lib/read/chunk-map.ts";
import type { FrameRequest } from "../src/lib/read/frame-fetch.ts";
import { type BodyWriting, writeBody } from "../src/lib/read/write-body.ts";
import { extentsOf, writeExtents } from "../src/lib/worker/write-chunks.ts";
import { noise } from "./noise.ts";

const FRAME = noise(1, 3000);
const pack: PackPlace = {
  id: "00",
  size: FRAME.length,
  sha256: new Uint8Array(32),
  frameCount: 1,
  frame: () => ({ offset: 0, storedLength: FRAME.length, expanded: FRAME.length, codec: "stored" }),
};
const idOf = (bytes: Uint8Array) => Uint8Array.from(createHash("sha256").update(bytes).digest());

/** Reads chunks of the frame as an index tells of them, by the ids in hex; elsewhere there are none. */
class OneFrame {
  requests = 0;
  readonly places = new Map<string, Pick<ChunkPlace, "offset" | "length">>();

  async map() {
    const find = (id: Uint8Array) => {
      const place = this.places.get(Buffer.from(id).toString("hex"));
      return place === undefined ? undefined : { ...place, pack, frame: 0 };
    };
    return { find };
  }

  async fetch(requests: Iterable<FrameRequest>) {
    for (const request of requests) {
      const { checks, writes } = request;
      this.requests += 1;
      const { spans, ids } = checks;
      const bad = Array.from({ length: spans.length / 2 }, (_, n) => n).filter((n) => {
        const [offset = 0, length = 0] = [spans[2 * n], spans[2 * n + 1]];
        return !Buffer.from(idOf(FRAME.subarray(offset, offset + length))).equals(ids.subarray(32 * n, 32 * n + 32));
      });
      if (writes !== undefined) writeExtents(FRAME, 0, extentsOf(checks, writes, bad), writes.file);
      try {
        request.resolve({ bad });
      } catch (error) {
        request.reject(error); // as who fetches frames does
      }
    }
  }

  batch(): Promise<never> {
    return Promise.reject(new Error("There is no other copy."));
  }

  open(): Promise<never> {
    return Promise.reject(new Error("There is no other copy."));
  }
}

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "lifeboat-write-body-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Writes the chunks, one behind the other, to a file of so many bytes; answers what the file then holds. */
async function written(
  reader: OneFrame,
  chunks: readonly (readonly [id: Uint8Array, length: number])[],
  size = chunks.reduce((sum, [, length]) => sum + length, 0),
  advance: BodyWriting["advance"] = () => undefined,
): Promise<Buffer> {
  const refs = new RefList();
  for (const [id, length] of chunks) refs.add(length, id);
  const path = join(root, "out");
  const fd = openSync(path, "w");
  async function* content() {
    yield refs;
  }
  try {
    const writing = { content: content(), reader, file: { fd }, advance };
    await writeBody({ entry: { path: "file", size }, ...writing }, {});
  } finally {
    closeSync(fd);
  }
  return readFileSync(path);
}

describe("A file's content that the threads write", () => {
  const [first, second] = [FRAME.subarray(0, 1000), FRAME.subarray(1000, 3000)];

  function wholeIndex(): OneFrame {
    const reader = new OneFrame();
    reader.places.set(Buffer.from(idOf(first)).toString("hex"), { offset: 0, length: 1000 });
    reader.places.set(Buffer.from(idOf(second)).toString("hex"), { offset: 1000, length: 2000 });
    return reader;
  }

  it("has each chunk wherever it occurs, and reads its frame once", async () => {
    const reader = wholeIndex();
    const [a, b] = [[idOf(first), 1000] as const, [idOf(second), 2000] as const];
    expect((await written(reader, [b, a, b, a])).equals(Buffer.concat([second, first, second, first]))).toBe(true);
    expect(reader.requests).toBe(1);
  });

  it("is compared with each id, also where indexes say of two chunks that they begin at the same byte", async () => {
    const reader = new OneFrame();
    const wrong = idOf(Buffer.from("not in the frame"));
    reader.places.set(Buffer.from(wrong).toString("hex"), { offset: 0, length: 500 });
    reader.places.set(Buffer.from(idOf(first)).toString("hex"), { offset: 0, length: 1000 });
    const chunks = [[wrong, 500] as const, [idOf(first), 1000] as const];
    await expect(written(reader, chunks)).rejects.toThrow("There is no other copy.");
  });

  it("is refused before more is written than the list says", async () => {
    const reader = wholeIndex();
    const chunks = [[idOf(first), 1000] as const, [idOf(second), 2000] as const];
    const refused = { code: "CORRUPT", key: "file", message: expect.stringContaining("Expected 2999 bytes") };
    await expect(written(reader, chunks, 2999)).rejects.toMatchObject(refused);
    expect(reader.requests).toBe(0);
    await expect(written(reader, chunks, 3001)).rejects.toMatchObject({ code: "CORRUPT", key: "file" });
  });

  it("fails with what the host's own callback throws, each frame dealt with once", async () => {
    let calls = 0;
    const fails = () => {
      calls += 1;
      throw new Error("The host is not amused.");
    };
    await expect(written(wholeIndex(), [[idOf(first), 1000]], 1000, fails)).rejects.toThrow("The host is not amused.");
    expect(calls).toBe(1);
  });
});
