import { type ErrorCode, LifeboatError, type Storage } from "@lifeboat/contracts";
import { expect, onTestFinished, test } from "vitest";
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

/** All bytes of a body. */
export async function read(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Every item of an iteration. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** The keys that begin with a prefix, sorted. */
export async function keysOf(storage: Storage, prefix = ""): Promise<string[]> {
  return (await all(storage.list(prefix))).map(({ key }) => key).sort();
}

/** What a promise rejects with. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("Expected a rejection, but the call succeeded.");
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

/** Bytes that do not repeat soon, the same for the same seed. */
export function bytesOf(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let state = (seed * 2654435761) >>> 0 || 1;
  for (let at = 0; at < length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state;
  }
  return bytes;
}

/** The bytes as a body of pieces of one size. */
export async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Expects the object to have exactly these bytes, without printing megabytes where it has not. */
export async function expectObject(storage: Storage, key: string, bytes: Uint8Array): Promise<void> {
  const found = await read(storage.get(key));
  expect(found.length, `length of ${key}`).toBe(bytes.length);
  expect(found.equals(bytes), `bytes of ${key}`).toBe(true);
}
