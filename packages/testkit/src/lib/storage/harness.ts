import { type ErrorCode, LifeboatError, type Storage } from "@lifeboat/contracts";
import { expect, onTestFinished, test } from "vitest";
import { all, failureOf, read } from "../helpers.ts";
import type { StorageSuiteOptions, StorageUnderTest } from "./options.ts";

/** Defines a test that gets a fresh, empty storage. */
export type StorageTest = (name: string, body: (under: StorageUnderTest) => Promise<void>) => void;

/** What a theme of the suite is written with. */
export interface StorageHarness {
  readonly test: StorageTest;
  readonly options: StorageSuiteOptions;
}

export function storageHarness(options: StorageSuiteOptions): StorageHarness {
  return {
    options,
    test: (name, body) =>
      test(name, { timeout: options.timeout ?? 30_000 }, async () => {
        const made = await options.create();
        const under = "storage" in made ? made : { storage: made };
        onTestFinished(async () => {
          await under.storage[Symbol.asyncDispose]();
          await under.cleanup?.();
        });
        await body(under);
      }),
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
