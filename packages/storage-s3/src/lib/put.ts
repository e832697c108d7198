import { PutObjectCommand } from "@aws-sdk/client-s3";
import { interruptible, LifeboatError, type ObjectInfo, type PutOptions } from "@lifeboat/contracts";
import { bodyHeaders, noteDate } from "./client.ts";
import type { Context } from "./context.ts";
import { cut, type Part, slices } from "./cut.ts";
import { marked, newMark, newObjectHeaders } from "./headers.ts";
import { nameOf } from "./keys.ts";
import { inTurn, type Linked, linked } from "./linked.ts";
import { look } from "./stat.ts";
import { uploadParts } from "./upload.ts";

const OPERATION = "storage.put";
/** No more is kept in memory to be put in one request, whatever the options say. */
const MOST_TOGETHER = 1024 ** 3;

/** A put on its way. */
export interface Putting {
  readonly key: string;
  readonly name: string;
  /** By which the object is known as this put's own. */
  readonly mark: string;
  readonly ifAbsent: boolean;
  /** Ends with the caller's signal, or where one of its parts fails. */
  readonly stop: Linked;
}

/**
 * A body that fits into one part goes as one request, a longer one in parts side
 * by side. Nothing shows under the key before the last request.
 */
export async function put(
  context: Context,
  key: string,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  { ifAbsent = false, signal }: PutOptions,
): Promise<ObjectInfo> {
  const { settings, conditional, memory } = context;
  const name = nameOf(settings, key, OPERATION);
  using stop = linked(signal);
  const putting: Putting = { key, name, mark: newMark(), ifAbsent, stop };
  const inOne = ifAbsent && (await conditional.inOne({ signal }));
  if (ifAbsent && (!inOne || !(body instanceof Uint8Array))) await assertAbsent(context, putting);

  // What must only create goes as one request where it can: not every server knows conditional uploads in parts.
  const { partBytes, uploadConcurrency, sizes } = settings;
  const together = inOne ? Math.max(1, Math.min(uploadConcurrency, Math.floor(MOST_TOGETHER / partBytes))) : 1;
  const whole = partBytes * together;
  const sizeOf = (index: number) => (index === 0 ? whole : sizes.sizeOf(index + together - 1));
  const parts =
    body instanceof Uint8Array ? slices(body, sizeOf) : cut(interruptible(body, stop.signal), sizeOf, memory);
  const iterator = toAsync(parts);
  try {
    const first = await iterator.next();
    if (first.done === true) throw new Error("Expected at least one part of every body.");
    if (first.value.last) {
      const info = await putWhole(context, putting, first.value.bytes, inOne);
      first.value.release();
      return info;
    }
    if (inOne && !(await conditional.inParts({ signal }))) throw tooLongToCreate(key, whole);
    return await uploadParts(context, putting, first.value, iterator);
  } catch (error) {
    memory.abandon();
    throw error;
  } finally {
    await iterator.return?.(undefined);
  }
}

async function* toAsync(parts: Iterable<Part> | AsyncIterable<Part>): AsyncGenerator<Part> {
  yield* parts;
}

async function putWhole(
  context: Context,
  putting: Putting,
  bytes: Uint8Array,
  condition: boolean,
): Promise<ObjectInfo> {
  const { settings, connection, limits } = context;
  const { key, name, mark, stop } = putting;
  if (putting.ifAbsent && !condition) await assertAbsent(context, putting);
  return await inTurn(limits.upload, stop.signal, () =>
    connection.call<ObjectInfo>(
      { operation: OPERATION, key, right: "s3:PutObject", commits: true },
      stop,
      async (client, o) => {
        const command = new PutObjectCommand({
          Bucket: settings.bucket,
          Key: name,
          Body: bytes,
          ContentLength: bytes.length,
          ...marked(mark),
          ...newObjectHeaders(settings),
          ...bodyHeaders(settings, bytes),
          ...(condition ? { IfNoneMatch: "*" } : {}),
        });
        const date = noteDate(command);
        await client.send(command, o);
        return { key, size: bytes.length, modified: date() };
      },
      async ({ status }) => (condition && status === 412 ? await ownOrTaken(context, putting) : undefined),
    ),
  );
}

/**
 * A create-only put was told that the key is taken. That may be by itself: the
 * answer to its first try was lost, and the SDK or we asked again.
 *
 * @throws ALREADY_EXISTS where it is another's
 */
export async function ownOrTaken(context: Context, { key, mark, stop }: Putting): Promise<ObjectInfo> {
  const found = await look(context, key, OPERATION, stop);
  if (found?.mark === mark) return found.info;
  throw taken(key);
}

/** Where the server can't refuse by itself, looking first is the next best. */
export async function assertAbsent(context: Context, { key, stop }: Putting): Promise<void> {
  if ((await look(context, key, OPERATION, stop)) !== null) throw taken(key);
}

function taken(key: string): LifeboatError {
  return new LifeboatError({
    code: "ALREADY_EXISTS",
    operation: OPERATION,
    key,
    message: `Expected nothing at ${JSON.stringify(key)}, found an object.`,
  });
}

function tooLongToCreate(key: string, whole: number): LifeboatError {
  return new LifeboatError({
    code: "UNSUPPORTED",
    operation: OPERATION,
    key,
    message: `Expected at most ${whole} bytes for ${JSON.stringify(key)}: this server creates no longer objects atomically.`,
    hint: "Put it without `ifAbsent`, or raise `partBytes` or `uploadConcurrency`.",
  });
}
