import { SealedKind, sealStream } from "@lifeboat/crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  assertPartBelongs,
  decodePartObject,
  encodePartObject,
  type PartObject,
  partName,
  sourceOfPart,
} from "../src/lib/list/part-object.ts";
import { RefList } from "../src/lib/list/refs.ts";
import { KEY } from "./support.ts";

function example(): PartObject {
  const refs = new RefList();
  refs.add(131_072, new Uint8Array(32).fill(0x27));
  refs.add(99, new Uint8Array(32).fill(0x28));
  return {
    backup: {
      id: "2026-11-20T02-00-00.123Z-manual-7f3a",
      siteId: "5e3f",
      trigger: "manual",
      started: new Date("2026-11-20T02:00:00.123Z"),
      app: { name: "nvr", version: "1.9.0" },
      sources: ["media", "settings"],
    },
    part: { source: "media", title: "Recordings", description: { camera: "x" }, folders: ["a"], scope: null },
    list: {
      depth: 1,
      refs,
      counts: { files: 1, directories: 2, links: 3 },
      size: 4,
      storedSize: 5,
      packs: ["0123456789abcdef0123456789abcdef"],
    },
  };
}

const plain = ({ list, ...rest }: PartObject) => ({
  ...rest,
  list: { ...list, refs: { lengths: Array.from(list.refs.lengths), ids: [...list.refs.ids] } },
});

async function sealed(text: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const input = (async function* () {
    yield Buffer.from(text);
  })();
  const options = { ...KEY, kind: SealedKind.entryList, keyBlock: new Uint8Array(0) };
  for await (const piece of sealStream(input, options)) pieces.push(piece);
  return Buffer.concat(pieces);
}

test("a part object comes back as it was", async () => {
  const bytes = await encodePartObject(KEY, example());
  expect(plain(decodePartObject(KEY, bytes, "k"))).toEqual(plain(example()));
});

test("a part in another one's place is refused", () => {
  const place = { key: "k", siteId: "5e3f", id: example().backup.id, source: "media" };
  assertPartBelongs(example(), place);
  for (const change of [{ siteId: "x" }, { id: "y" }, { source: "z" }]) {
    expect(() => assertPartBelongs(example(), { ...place, ...change })).toThrow(
      expect.objectContaining({ code: "INCOMPATIBLE" }),
    );
  }
});

test("a part's name tells its source", () => {
  expect(sourceOfPart(partName("media"))).toBe("media");
  expect(sourceOfPart("media.tar.zst")).toBeNull();
});

/** What replaces the members of a sound part. */
const NEGATIVE: Readonly<Record<string, (value: Record<string, Record<string, unknown>>) => unknown>> = {
  "no list": ({ backup, part }) => ({ lifeboat: 1, backup, part }),
  "a list": () => [],
  "version 0": (value) => ({ ...value, lifeboat: 0 }),
  "an unknown trigger": (value) => ({ ...value, backup: { ...value.backup, trigger: "now" } }),
  "a time that is none": (value) => ({ ...value, backup: { ...value.backup, started: "today" } }),
  "a source that is no text": (value) => ({ ...value, part: { ...value.part, source: 1 } }),
  "a depth over 4": (value) => ({ ...value, list: { ...value.list, depth: 5 } }),
  "more references than 64": (value) => ({
    ...value,
    list: { ...value.list, refs: Array(65).fill([1, "00".repeat(32)]) },
  }),
  "a reference to nothing": (value) => ({ ...value, list: { ...value.list, refs: [[0, "00".repeat(32)]] } }),
  "a short id": (value) => ({ ...value, list: { ...value.list, refs: [[1, "00"]] } }),
  "a count below 0": (value) => ({ ...value, list: { ...value.list, size: -1 } }),
};

describe("a part object is refused with", () => {
  for (const [what, change] of Object.entries(NEGATIVE)) {
    test(what, async () => {
      const { backup, part, list } = example();
      const refs = [[1, "00".repeat(32)]];
      const value = { lifeboat: 1, backup, part, list: { ...list, refs } } as unknown as Record<
        string,
        Record<string, unknown>
      >;
      expect(decodePartObject(KEY, await sealed(JSON.stringify(value)), "k").list.refs.count).toBe(1);
      const bytes = await sealed(JSON.stringify(change(value)));
      expect(() => decodePartObject(KEY, bytes, "k")).toThrow(expect.objectContaining({ code: "CORRUPT" }));
    });
  }

  test("a newer version", async () => {
    const bytes = await sealed('{"lifeboat":2}');
    expect(() => decodePartObject(KEY, bytes, "k")).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
  });

  test("another key", async () => {
    const bytes = await encodePartObject(KEY, example());
    expect(() => decodePartObject({ siteKey: new Uint8Array(32), suite: 1 }, bytes, "k")).toThrow(
      expect.objectContaining({ code: "WRONG_KEY" }),
    );
  });

  test("any end cut off", async () => {
    const bytes = await encodePartObject(KEY, example());
    for (let length = 0; length < bytes.length; length += 7) {
      expect(() => decodePartObject(KEY, bytes.subarray(0, length), "k")).toThrow(
        expect.objectContaining({ code: "CORRUPT" }),
      );
    }
  });
});

test("any JSON is a part object or refused, never a crash", async () => {
  await fc.assert(
    fc.asyncProperty(fc.json(), async (text) => {
      const bytes = await sealed(text);
      expect(() => decodePartObject(KEY, bytes, "k")).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/CORRUPT|UNSUPPORTED/) }),
      );
    }),
  );
});
