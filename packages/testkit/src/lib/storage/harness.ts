import { type ErrorCode, LifeboatError, type Storage } from "@lifeboat/contracts";
import { expect, onTestFinished, test } from "vitest";
import { all, failureOf, read } from "../helpers.ts";
import type { StorageSuiteOptions, StorageUnderTest } from "./options.ts";

/** What a test gets. */
export interface StorageInTest extends StorageUnderTest {
  /** The storage as it was made; `storage` is the same, but may always be written to. */
  readonly direct: Storage;
}

/** Defines a test that gets a fresh, empty storage. */
export type StorageTest = (name: string, body: (under: StorageInTest) => Promise<void>) => void;

/** What a theme of the suite is written with. */
export interface StorageHarness {
  readonly test: StorageTest;
  readonly options: StorageSuiteOptions;
  /** So many, by the suite's scale, but at least `least`. */
  readonly scaled: (count: number, least?: number) => number;
}

export function storageHarness(options: StorageSuiteOptions): StorageHarness {
  return {
    options,
    scaled: (count, least = 2) => Math.max(least, Math.round(count * (options.scale ?? 1))),
    test: (name, body) =>
      test(name, { timeout: options.timeout ?? 30_000 }, async () => {
        const made = await options.create();
        const under = "storage" in made ? made : { storage: made };
        onTestFinished(async () => {
          await under.storage[Symbol.asyncDispose]();
          await under.cleanup?.();
        });
        await body({ ...under, direct: under.storage, storage: writable(under) });
      }),
  };
}

/** A storage that may not write is read as it is, and written through the other one. */
function writable({ storage, writer }: StorageUnderTest): Storage {
  if (storage.capabilities.access === undefined) return storage;
  if (writer === undefined) throw new Error(`${storage.name} does not let everything be written: give a writer.`);
  return {
    name: storage.name,
    capabilities: { ...storage.capabilities, copy: writer.capabilities.copy },
    put: (key, body, o) => writer.put(key, body, o),
    delete: (keys, o) => writer.delete(keys, o),
    ...(writer.copy === undefined ? {} : { copy: writer.copy.bind(writer) }),
    get: (key, o) => storage.get(key, o),
    stat: (key, o) => storage.stat(key, o),
    list: (prefix, o) => storage.list(prefix, o),
    ...(storage.space === undefined ? {} : { space: storage.space.bind(storage) }),
    async [Symbol.asyncDispose]() {
      await storage[Symbol.asyncDispose]();
      await writer[Symbol.asyncDispose]();
    },
  };
}

/** The keys that begin with a prefix, sorted. */
export async function keysOf(storage: Storage, prefix = ""): Promise<string[]> {
  return (await all(storage.list(prefix))).map(({ key }) => key).sort();
}

/** Checks that a call rejects with a LifeboatError of a code, and that it says what it was about. */
export async function expectFailure(
  work: Promise<unknown>,
  code: ErrorCode,
  about: { operation: string; key?: string },
): Promise<void> {
  const error = await failureOf(work);
  expect(error).toBeInstanceOf(LifeboatError);
  expect(error).toMatchObject({ code, ...about });
  expect((error as LifeboatError).message).not.toBe("");
}

/** Expects the object to have exactly these bytes, without printing megabytes where it has not. */
export async function expectObject(storage: Storage, key: string, bytes: Uint8Array): Promise<void> {
  const found = await read(storage.get(key));
  expect(found.length, `length of ${key}`).toBe(bytes.length);
  expect(found.equals(bytes), `bytes of ${key}`).toBe(true);
}
