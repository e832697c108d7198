import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { type AbortOptions, LifeboatError } from "@lifeboat/contracts";
import type { Context } from "./context.ts";
import { marked, newMark, newObjectHeaders } from "./headers.ts";
import { nameOf } from "./keys.ts";
import { inTurn, linked } from "./linked.ts";
import { assertLocked } from "./lock.ts";
import { type Found, look, missing } from "./stat.ts";

const OPERATION = "storage.copy";
const MIB = 1024 * 1024;
/** No bytes pass through here, so parts are as large as keeps their number small and a retry cheap. */
const COPY_PART = 512 * MIB;
const ABORT_MS = 2000;

/** Copies inside the bucket: in one request, or where the object is too large for that, in parts. */
export async function copy(context: Context, from: string, to: string, options: AbortOptions): Promise<void> {
  const { settings, connection, limits } = context;
  const source = nameOf(settings, from, OPERATION);
  const target = nameOf(settings, to, OPERATION);
  if (from === to) {
    if ((await look(context, from, OPERATION, options)) === null) throw missing(from, OPERATION);
    return; // S3 refuses a copy that changes nothing
  }
  const CopySource = `${settings.bucket}/${encodeURIComponent(source).replaceAll("%2F", "/")}`;
  const outcome = await inTurn(limits.copy, options.signal, () =>
    connection.call<"copied" | "absent" | "too large">(
      { operation: OPERATION, key: from, right: "s3:GetObject and s3:PutObject" },
      options,
      async (client, o) => {
        const where = { Bucket: settings.bucket, Key: target, CopySource };
        await client.send(new CopyObjectCommand({ ...where, ...newObjectHeaders(settings) }), o);
        return "copied";
      },
      async ({ status, name, message }) => {
        if (name === "NoSuchKey") return "absent";
        if (status === 404 && name !== "NoSuchBucket") {
          await connection.assertBucket(OPERATION, options);
          return "absent";
        }
        return name === "EntityTooLarge" || (status === 400 && /larger than|too large|maximum allowable/i.test(message))
          ? "too large"
          : undefined;
      },
    ),
  );
  if (outcome === "absent") throw missing(from, OPERATION);
  if (outcome === "copied") return;
  const found = await look(context, from, OPERATION, options);
  if (found === null) throw missing(from, OPERATION);
  if (!settings.provider.multipartCopy) throw lacking(context, from, found);
  await copyParts(context, { from, target, CopySource, found }, options);
}

interface LargeCopy {
  readonly from: string;
  readonly target: string;
  readonly CopySource: string;
  readonly found: Found;
}

async function copyParts(
  context: Context,
  { from, target, CopySource, found }: LargeCopy,
  options: AbortOptions,
): Promise<void> {
  const { settings, connection, limits } = context;
  using stop = linked(options.signal);
  const asked = { operation: OPERATION, key: from, right: "s3:GetObject and s3:PutObject" };
  const where = { Bucket: settings.bucket, Key: target };
  const { size } = found.info;
  const partBytes = Math.max(COPY_PART, Math.ceil(size / settings.provider.maxParts / MIB) * MIB);
  const { UploadId } = await connection.call(asked, stop, (client, o) =>
    client.send(new CreateMultipartUploadCommand({ ...where, ...marked(newMark()), ...newObjectHeaders(settings) }), o),
  );
  const copyPart = (index: number): Promise<CompletedPart> =>
    inTurn(limits.copy, stop.signal, async () => {
      const last = Math.min(size, (index + 1) * partBytes) - 1;
      const part = {
        UploadId,
        PartNumber: index + 1,
        CopySource,
        CopySourceRange: `bytes=${index * partBytes}-${last}`,
      };
      const command = () => new UploadPartCopyCommand({ ...where, ...part, CopySourceIfMatch: found.etag });
      const { CopyPartResult } = await connection.call(asked, stop, (client, o) => client.send(command(), o));
      return { PartNumber: index + 1, ETag: CopyPartResult?.ETag };
    });
  try {
    const count = Math.ceil(size / partBytes);
    const Parts = await Promise.all(Array.from({ length: count }, (_, index) => copyPart(index)));
    const last = { ...where, UploadId, MultipartUpload: { Parts } };
    await connection.call(asked, stop, (client, o) => client.send(new CompleteMultipartUploadCommand(last), o));
    await assertLocked(context, target, asked, stop);
  } catch (error) {
    stop.abort(error);
    await connection
      .call({ ...asked, right: "s3:AbortMultipartUpload" }, { signal: AbortSignal.timeout(ABORT_MS) }, (client, o) =>
        client.send(new AbortMultipartUploadCommand({ ...where, UploadId }), o),
      )
      .catch(() => undefined); // the first failure is what the caller needs to know, and a sweep aborts the upload
    throw error;
  }
}

function lacking({ settings }: Context, key: string, { info }: Found): LifeboatError {
  return new LifeboatError({
    code: "UNSUPPORTED",
    operation: OPERATION,
    key,
    message: `Expected an object of at most ${settings.provider.maxCopyBytes} bytes, found ${info.size} in ${JSON.stringify(key)}: ${settings.provider.title} copies no larger ones.`,
    hint: "Read it and put it again.",
  });
}
