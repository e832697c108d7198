import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { LifeboatError, type ObjectInfo } from "@lifeboat/contracts";
import { bodyHeaders, noteDate } from "./client.ts";
import type { Context } from "./context.ts";
import { type Part, slices } from "./cut.ts";
import { marked, newObjectHeaders, uploadHeaders } from "./headers.ts";
import { inTurn } from "./linked.ts";
import { assertLocked } from "./lock.ts";
import { assertAbsent, ownOrTaken, type Putting } from "./put.ts";
import { look } from "./stat.ts";

const OPERATION = "storage.put";
/** Aborting an upload that failed may not take long, since somebody waits for the failure: a sweep does it otherwise. */
const ABORT_MS = 2000;

/**
 * Uploads a body in parts, several of them at once, and gives the parts up where one
 * fails. The first may be as long as several: it was kept together as long as it could have been the last.
 */
export async function uploadParts(
  context: Context,
  putting: Putting,
  first: Part,
  rest: AsyncIterable<Part>,
): Promise<ObjectInfo> {
  const { key, stop } = putting;
  const upload = await begin(context, putting);
  const sending = new Set<Promise<void>>();
  const done: CompletedPart[] = [];
  let size = 0;

  const send = async (part: Part) => {
    if (done.length >= context.settings.provider.maxParts) throw tooLong(context, key, size);
    const slot: CompletedPart = { PartNumber: done.length + 1 };
    done.push(slot);
    size += part.bytes.length;
    const job = sendPart(context, putting, upload, slot, part.bytes).then(() => part.release());
    job.catch((error: unknown) => stop.abort(error)); // ends the wait for the body and the other parts
    const settled = job.then(
      () => void sending.delete(settled),
      () => void sending.delete(settled),
    );
    sending.add(settled);
    while (sending.size >= atOnce(context, part)) await Promise.race(sending);
    stop.signal.throwIfAborted();
  };

  try {
    const { partBytes } = context.settings;
    const giveBack = (sent: Uint8Array) => context.memory.give(sent);
    const firsts = first.bytes.length > partBytes ? slices(first.bytes, () => partBytes, giveBack) : [first];
    for (const part of firsts) await send(part);
    for await (const part of rest) await send(part);
    await Promise.all(sending);
    stop.signal.throwIfAborted();
    const info = await complete(context, putting, upload, done, size);
    await assertLocked(context, putting.name, { operation: OPERATION, key, right: "" }, stop);
    return info;
  } catch (error) {
    stop.abort(error);
    await Promise.all(sending);
    await giveUp(context, putting, upload);
    throw error;
  }
}

/** Parts grow in huge objects; then fewer are on their way, so that memory stays the same as long as it can. */
function atOnce({ settings }: Context, { bytes }: Part): number {
  const budget = settings.partBytes * settings.uploadConcurrency;
  return Math.max(1, Math.min(settings.uploadConcurrency, Math.floor(budget / Math.max(1, bytes.length))));
}

async function begin({ settings, connection }: Context, { key, name, mark, stop }: Putting): Promise<string> {
  return await connection.call({ operation: OPERATION, key, right: "s3:PutObject" }, stop, async (client, o) => {
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({
        Bucket: settings.bucket,
        Key: name,
        ...marked(mark),
        ...newObjectHeaders(settings),
        ...uploadHeaders(settings),
      }),
      o,
    );
    if (UploadId === undefined) throw new Error("The server began an upload without a name.");
    return UploadId;
  });
}

async function sendPart(
  { settings, connection, limits }: Context,
  { key, name, stop }: Putting,
  UploadId: string,
  slot: CompletedPart,
  bytes: Uint8Array,
): Promise<void> {
  await inTurn(limits.upload, stop.signal, async () => {
    const { ETag, ChecksumCRC32 } = await connection.call(
      { operation: OPERATION, key, right: "s3:PutObject" },
      stop,
      (client, o) =>
        client.send(
          new UploadPartCommand({
            Bucket: settings.bucket,
            Key: name,
            UploadId,
            PartNumber: slot.PartNumber,
            Body: bytes,
            ContentLength: bytes.length,
            ...bodyHeaders(settings, bytes),
          }),
          o,
        ),
    );
    slot.ETag = ETag;
    if (ChecksumCRC32 !== undefined) slot.ChecksumCRC32 = ChecksumCRC32;
  });
}

async function complete(
  context: Context,
  putting: Putting,
  UploadId: string,
  Parts: CompletedPart[],
  size: number,
): Promise<ObjectInfo> {
  const { settings, connection, conditional } = context;
  const { key, name, mark, ifAbsent, stop } = putting;
  const condition = ifAbsent && conditional.proven;
  if (ifAbsent && !condition) await assertAbsent(context, putting);
  return await connection.call<ObjectInfo>(
    { operation: OPERATION, key, right: "s3:PutObject", commits: true },
    stop,
    async (client, o) => {
      const command = new CompleteMultipartUploadCommand({
        Bucket: settings.bucket,
        Key: name,
        UploadId,
        MultipartUpload: { Parts },
        ...(condition ? { IfNoneMatch: "*" } : {}),
      });
      const date = noteDate(command);
      await client.send(command, o);
      return { key, size, modified: date() };
    },
    async ({ status, name: why }) => {
      if (condition && status === 412) return await ownOrTaken(context, putting);
      if (status !== 404 && why !== "NoSuchUpload") return undefined;
      // The upload may be gone because it is complete, and the answer that said so was lost.
      const found = await look(context, key, OPERATION, stop);
      return found?.mark === mark ? found.info : undefined;
    },
  );
}

async function giveUp({ settings, connection }: Context, { key, name }: Putting, UploadId: string): Promise<void> {
  await connection
    .call(
      { operation: OPERATION, key, right: "s3:AbortMultipartUpload" },
      { signal: AbortSignal.timeout(ABORT_MS) },
      async (client, o) => {
        await client.send(new AbortMultipartUploadCommand({ Bucket: settings.bucket, Key: name, UploadId }), o);
      },
    )
    .catch(() => undefined); // the first failure is what the caller needs to know, and a sweep aborts the upload
}

function tooLong({ settings }: Context, key: string, size: number): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: OPERATION,
    key,
    message: `Expected at most ${settings.sizes.capacity} bytes for ${JSON.stringify(key)}, found more than ${size}: ${settings.provider.title} takes ${settings.provider.maxParts} parts.`,
    hint: "Raise `partBytes`: every part then holds more.",
  });
}
