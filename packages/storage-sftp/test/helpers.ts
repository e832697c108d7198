import { type SftpStorageOptions, sftpStorage } from "@lifeboat/storage-sftp";
import { type FaultProxy, type SftpServer, startFaultProxy } from "@lifeboat/test-servers";
import { onTestFinished } from "vitest";

let count = 0;

/** A storage in a directory of its own on the server, disposed of after the test. */
export function storageOn(server: SftpServer, options: Partial<SftpStorageOptions> = {}) {
  const { host, port, username, privateKey, fingerprint, directory } = server;
  count += 1;
  const path = `${directory}/test-${count}`;
  const storage = sftpStorage({ host, port, username, privateKey, hostKey: fingerprint, path, ...options });
  onTestFinished(() => storage[Symbol.asyncDispose]());
  return storage;
}

/** A fault proxy before the server, closed after the test. */
export async function proxyTo(server: SftpServer): Promise<FaultProxy> {
  const proxy = await startFaultProxy({ target: server.port });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return proxy;
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

/** The bytes as a body of pieces of one size. */
export async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** What a promise rejects with. */
export async function failureOf(
  work: Promise<unknown>,
): Promise<Error & { readonly code?: string; readonly hint?: string }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error("Expected a rejection, but the call succeeded.");
}
