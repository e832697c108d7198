import { createHash } from "node:crypto";
import { isLifeboatError, type ObjectInfo, type PutOptions, type Storage } from "@lifeboat/contracts";
import type { Attempts } from "./attempts.ts";
import type { RetryBody } from "./retry-body.ts";

/** What a put that is tried again consists of. */
export interface RetriedPut {
  readonly inner: Storage;
  readonly key: string;
  readonly body: RetryBody;
  readonly options: PutOptions;
  readonly attempts: Attempts;
}

/** Puts, again and again while the body can be sent again. */
export async function retryPut(put: RetriedPut): Promise<ObjectInfo> {
  const { inner, key, body, options, attempts } = put;
  try {
    for (;;) {
      try {
        return await inner.put(key, body.open(), options);
      } catch (error) {
        const doubtful = attempts.failures > 0 && options.ifAbsent === true;
        if (doubtful && isLifeboatError(error, "ALREADY_EXISTS")) {
          const ours = await storedByUs(put);
          if (ours !== null) return ours;
        }
        if (body.failed || !body.replayable) throw error;
        await attempts.after(error);
      }
    }
  } finally {
    await body.close();
  }
}

/**
 * An earlier attempt may have created the object and only its answer was lost: then
 * it holds exactly our bytes.
 */
async function storedByUs({ inner, key, body, options: { signal } }: RetriedPut): Promise<ObjectInfo | null> {
  const sent = body.all();
  if (sent === null) return null;
  const info = await inner.stat(key, { signal });
  if (info === null) return null;
  const [theirs, own] = [await digest(inner.get(key, { signal })), await digest(sent)];
  return theirs === own ? info : null;
}

async function digest(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of bytes) hash.update(piece);
  return hash.digest("hex");
}
