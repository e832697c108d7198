import { interruptible, LifeboatError, type ObjectInfo, type PutOptions } from "@lifeboat/contracts";
import { BodyFailure, errnoOf } from "./errors.ts";
import { look, removeFile } from "./files.ts";
import { assertMounted } from "./mount.ts";
import type { Parts } from "./parts.ts";
import { placeOf } from "./place.ts";
import { create, replace, settle } from "./publish.ts";
import { writeBody } from "./write.ts";

const OPERATION = "storage.put";

/**
 * Temporary file → bytes → flush → final name → flush of the folder. Whatever
 * fails before the final name leaves the key as it was and no temporary file.
 */
export async function put(
  parts: Parts,
  key: string,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  { ifAbsent = false, signal }: PutOptions,
): Promise<ObjectInfo> {
  const { settings, temporaries } = parts;
  const place = placeOf(settings.root, key, OPERATION);
  await assertMounted(settings, OPERATION);
  if (ifAbsent && (await look(place.file)) !== null) throw taken(key);
  const { path, file } = await temporaries.open(OPERATION);
  try {
    let size: number;
    let modified: Date;
    try {
      const pieces = body instanceof Uint8Array ? once(body) : marked(interruptible(body, signal));
      size = await writeBody(file, pieces, { flush: settings.durable, signal });
      signal?.throwIfAborted();
      if (settings.durable) await file.sync();
      modified = (await file.stat()).mtime;
    } finally {
      await file.close();
    }
    signal?.throwIfAborted();
    await assertMounted(settings, OPERATION);
    const finished = { key, temporary: path, file: place.file, signal };
    const made = await settle(parts, place, path, OPERATION, () => (ifAbsent ? create(finished) : replace(finished)));
    if (!made) throw taken(key);
    return { key, size, modified };
  } catch (error) {
    await removeFile(path).catch(() => undefined); // the first failure is what the caller needs to know
    throw vanished(error, key);
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* marked(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw new BodyFailure(error);
  }
}

function taken(key: string): LifeboatError {
  return new LifeboatError({
    code: "ALREADY_EXISTS",
    operation: OPERATION,
    key,
    message: `Expected nothing at ${JSON.stringify(key)}, found an object.`,
  });
}

/** While writing, a missing file is no absent object: somebody took the directory or the disk away. */
function vanished(error: unknown, key: string): unknown {
  if (errnoOf(error) !== "ENOENT") return error;
  return new LifeboatError({
    code: "UNREACHABLE",
    operation: OPERATION,
    key,
    message: `Expected the storage's directory to stay while ${JSON.stringify(key)} was written, but it was removed.`,
    hint: "Check that the disk is still mounted and that nothing else deletes in the storage's directory.",
    retryable: true,
    cause: error,
  });
}
