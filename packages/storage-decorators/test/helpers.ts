import { isLifeboatError, type Storage } from "@lifeboat/contracts";

/** The keys of a storage, sorted. */
export async function keysOf(storage: Storage, prefix = ""): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list(prefix)) keys.push(key);
  return keys.sort();
}

/** What a call rejects with, or `null`. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => null,
    (error: unknown) => error,
  );
}

/** The code that a call rejects with. */
export async function codeOf(work: Promise<unknown>): Promise<unknown> {
  const error = await failureOf(work);
  return isLifeboatError(error) ? error.code : error;
}

/** A body of pieces. */
export async function* inPieces(...pieces: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield typeof piece === "string" ? Buffer.from(piece) : piece;
}
