import { interruptible, LifeboatError, type ObjectInfo, type PutOptions } from "@lifeboat/contracts";
import type { Connection } from "./connection.ts";
import { BodyFailure, explainWriting, type Subject, taken } from "./errors.ts";
import type { Lanes } from "./lanes.ts";
import { Lost } from "./lost.ts";
import type { Parts } from "./parts.ts";
import { placeOf } from "./place.ts";
import { publish } from "./publish.ts";
import { closeHandle, type Found, flush, look } from "./requests.ts";
import { Upload } from "./upload.ts";

const OPERATION = "storage.put";

/**
 * Temporary file → bytes → flush → size → final name. Whatever fails before the
 * final name leaves the key as it was.
 */
export async function put(
  parts: Parts,
  key: string,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  { ifAbsent = false, signal }: PutOptions,
): Promise<ObjectInfo> {
  const { settings, line, ground } = parts;
  const place = placeOf(settings.root, key, OPERATION);
  const subject: Subject = { operation: OPERATION, key, storage: settings.name, username: settings.username };
  if (ifAbsent && (await line.run((on) => look(on, place.file), signal)) !== null) throw taken(key);
  const target = await line.run((on) => ground.open(on, subject), signal);
  const flushes = settings.durable && target.on.has("fsync@openssh.com");
  const upload = new Upload(target, { line, key, flushes, reopens: () => ground.reopens(), signal });
  try {
    const pieces = body instanceof Uint8Array ? body : marked(interruptible(body, signal));
    const size = await written(() => upload.write(pieces), target.on, settings.root, subject);
    const found = await finish(upload.lanes, target.path, size, flushes, subject);
    ground.sweepOnce(found.modified);
    const abilities = await ground.abilities();
    let again = false;
    const made = await line.run(async (on) => {
      const finished = {
        operation: OPERATION,
        temporary: target.path,
        place,
        size,
        ifAbsent,
        abilities,
        signal,
        again,
      };
      again = true;
      return await publish(on, finished);
    }, signal);
    if (!made) throw taken(key);
    return { key, size, modified: found.modified };
  } catch (error) {
    void upload.lanes.close();
    const gone = ground.discard(target.path);
    if (!(error instanceof Lost) && signal?.aborted !== true) await gone;
    throw error;
  }
}

/** Says why, where the server does not take the bytes. */
async function written(write: () => Promise<number>, on: Connection, root: string, subject: Subject): Promise<number> {
  try {
    return await write();
  } catch (error) {
    throw on.lost ? error : await explainWriting(error, on, root, 1, subject);
  }
}

/** Has the bytes flushed, closes the file, and checks that the server has as many as were sent. */
async function finish(lanes: Lanes, path: string, size: number, flushes: boolean, subject: Subject): Promise<Found> {
  const found = await lanes.use(async (lane) => {
    const { on, handle } = lane;
    lanes.forget(lane);
    // Sent at once: servers answer the requests for one file in their order.
    const ending = [...(flushes ? [flush(on, handle)] : []), closeHandle(on, handle)];
    const [first] = await Promise.all([look(on, path), ...ending]);
    return first?.size === size ? first : await look(on, path); // one that has looked before it closed
  });
  void lanes.close();
  if (found?.size === size) return found;
  const { operation, key, storage } = subject;
  throw new LifeboatError({
    code: "UNREACHABLE",
    operation,
    key,
    message: `Expected ${storage} to have the ${size} bytes of ${JSON.stringify(key)} that were sent, found ${found?.size ?? "nothing"}.`,
    hint: "Check that nothing else deletes in the storage's directory on the server, and that its disk is healthy.",
    retryable: true,
  });
}

async function* marked(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw new BodyFailure(error);
  }
}
