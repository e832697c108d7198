import { isLifeboatError, type Storage } from "@lifeboat/contracts";
import fc from "fast-check";
import { expect } from "vitest";
import { all, bytesOf, inPieces, read } from "../helpers.ts";
import { keysOf, type StorageHarness } from "./harness.ts";

const KEYS = ["a", "b", "folder/a", "folder/b", "folder/deep/c", "fold", "other/a"] as const;

const PUTS = ["put", "create", "failing put", "aborted put"] as const;

type Step =
  | {
      readonly do: "put" | "create" | "failing put" | "aborted put";
      readonly key: string;
      readonly size: number;
      readonly seed: number;
    }
  | { readonly do: "beside"; readonly bodies: Readonly<Record<string, number>> }
  | { readonly do: "get"; readonly key: string; readonly start: number; readonly end: number }
  | { readonly do: "stat"; readonly key: string }
  | { readonly do: "list"; readonly prefix: string }
  | { readonly do: "delete"; readonly keys: readonly string[] }
  | { readonly do: "copy"; readonly from: string; readonly to: string };

const key = fc.constantFrom(...KEYS);
const size = fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.constantFrom(0, 1, 262_144, 1_048_577));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom(...PUTS), key, size, seed: fc.integer({ min: 1, max: 999 }) }),
  fc.record({ do: fc.constant("beside"), bodies: fc.dictionary(key, fc.nat(3000), { minKeys: 2 }) }),
  fc.record({ do: fc.constant("get"), key, start: fc.nat(1500), end: fc.integer({ min: 1500, max: 3000 }) }),
  fc.record({ do: fc.constant("stat"), key }),
  fc.record({ do: fc.constant("list"), prefix: fc.constantFrom("", "f", "fold", "folder/", "folder/d", "x") }),
  fc.record({ do: fc.constant("delete"), keys: fc.array(key, { maxLength: 4 }) }),
  fc.record({ do: fc.constant("copy"), from: key, to: key }),
);

/** That any sequence of calls answers as a map from keys to bytes would. */
export function model({ test, options, scaled }: StorageHarness): void {
  test("every sequence of calls answers as a simple map would", async ({ storage }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const map = new Map<string, Buffer>();
        for (const each of steps) await take(each, storage, map);
        expect(await keysOf(storage)).toEqual([...map.keys()].sort());
        for (const [name, bytes] of map) expect((await read(storage.get(name))).equals(bytes)).toBe(true);
        await storage.delete([...map.keys()]);
      }),
      { numRuns: options.sequences ?? scaled(50, 5), endOnFailure: true },
    );
  });
}

/** Takes one step in the storage and in the model, and compares what both say. */
async function take(each: Step, storage: Storage, map: Map<string, Buffer>): Promise<void> {
  switch (each.do) {
    case "put":
    case "create":
    case "failing put":
    case "aborted put":
      return await takePut(each, storage, map);
    case "beside":
      await Promise.all(
        Object.entries(each.bodies).map(async ([name, length]) => {
          await storage.put(name, inPieces(bytesOf(length, length + 1), 1000));
          map.set(name, bytesOf(length, length + 1));
        }),
      );
      return;
    case "get": {
      const range = { start: each.start, end: each.end };
      const answer = await outcome(() => read(storage.get(each.key, { range })));
      const expected = map.get(each.key)?.subarray(each.start, each.end);
      return expected === undefined ? expect(answer).toBe("NOT_FOUND") : expect(answer).toEqual(expected);
    }
    case "stat":
      return expect((await storage.stat(each.key))?.size).toBe(map.get(each.key)?.length);
    case "list": {
      const found = (await all(storage.list(each.prefix))).map((info) => `${info.key} ${info.size}`).sort();
      const expected = [...map].filter(([name]) => name.startsWith(each.prefix));
      return expect(found).toEqual(expected.map(([name, bytes]) => `${name} ${bytes.length}`).sort());
    }
    case "delete":
      await storage.delete(each.keys);
      for (const name of each.keys) map.delete(name);
      return;
    case "copy": {
      if (storage.copy === undefined) return;
      const answer = await outcome(async () => await storage.copy?.(each.from, each.to));
      const bytes = map.get(each.from);
      expect(answer).toBe(bytes === undefined ? "NOT_FOUND" : undefined);
      if (bytes !== undefined) map.set(each.to, bytes);
    }
  }
}

async function takePut(
  each: Extract<Step, { readonly seed: number }>,
  storage: Storage,
  map: Map<string, Buffer>,
): Promise<void> {
  const bytes = bytesOf(each.size, each.seed);
  const ifAbsent = each.do === "create";
  const abort = new AbortController();
  async function* broken() {
    yield* inPieces(bytes, 700);
    if (each.do === "failing put") throw new RangeError("the body broke");
    abort.abort(new RangeError("aborted"));
    yield bytes;
  }
  const fails = each.do === "failing put" || each.do === "aborted put";
  const body = fails ? broken() : each.seed % 2 === 0 ? bytes : inPieces(bytes, 90_001);
  const answer = await outcome(() => storage.put(each.key, body, { ifAbsent, signal: abort.signal }));
  if (fails) return expect(answer).toBeInstanceOf(RangeError);
  if (ifAbsent && map.has(each.key)) return expect(answer).toBe("ALREADY_EXISTS");
  expect(answer).toMatchObject({ key: each.key, size: each.size });
  map.set(each.key, bytes);
}

/** What a call answers: its result, the code of its LifeboatError, or whatever else it throws. */
async function outcome(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    return isLifeboatError(error) ? error.code : error;
  }
}
