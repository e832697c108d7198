import { DeleteObjectCommand, DeleteObjectsCommand } from "@aws-sdk/client-s3";
import type { AbortOptions } from "@lifeboat/contracts";
import { withMd5 } from "./client.ts";
import type { Context } from "./context.ts";
import { nameOf } from "./keys.ts";
import { inTurn, linked } from "./linked.ts";

const OPERATION = "storage.delete";
const RIGHT = "s3:DeleteObject";

/** Deletes in batches, several beside each other. What could not be deleted is told, also where the server says 200. */
export async function remove(context: Context, keys: readonly string[], options: AbortOptions): Promise<void> {
  const { settings, limits } = context;
  const names = [...new Set(keys.map((key) => nameOf(settings, key, OPERATION)))];
  const batches: string[][] = [];
  for (let at = 0; at < names.length; at += settings.provider.deleteBatch) {
    batches.push(names.slice(at, at + settings.provider.deleteBatch));
  }
  using stop = linked(options.signal);
  const done = await Promise.allSettled(
    batches.map((batch) => inTurn(limits.delete, stop.signal, () => removeBatch(context, batch, stop))),
  );
  options.signal?.throwIfAborted();
  for (const outcome of done) if (outcome.status === "rejected") throw outcome.reason;
}

async function removeBatch(context: Context, batch: readonly string[], options: AbortOptions): Promise<void> {
  const { settings, connection } = context;
  const [only] = batch;
  if (only !== undefined && (batch.length === 1 || settings.provider.deleteBatch === 1)) {
    return await removeOne(context, only, options);
  }
  let left = batch;
  /** What AWS wants first, then what servers of before its checksums want. */
  let useMd5 = settings.checksums !== "crc32";
  const lacking = await connection.call(
    { operation: OPERATION, right: RIGHT },
    options,
    async (client, o) => {
      const command = new DeleteObjectsCommand({
        Bucket: settings.bucket,
        Delete: { Quiet: true, Objects: left.map((Key) => ({ Key })) },
      });
      if (useMd5) withMd5(command);
      const { Errors = [] } = await client.send(command, o);
      const refused = Errors.filter(({ Code }) => Code !== "NoSuchKey");
      const [worst] = refused;
      if (worst === undefined) return false;
      left = refused.flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
      throw new RefusedKey(worst.Code ?? "", worst.Message ?? "", worst.Key ?? "");
    },
    ({ status, name }) => {
      if (status === 501 || name === "NotImplemented" || status === 405) return true;
      if (!useMd5 && status === 400 && /Content-?MD5|InvalidRequest|InvalidDigest/i.test(name)) {
        useMd5 = true;
        return "again";
      }
      return undefined;
    },
  );
  if (lacking === "again")
    return await removeBatch({ ...context, settings: { ...settings, checksums: "md5" } }, left, options);
  if (lacking) for (const name of left) await removeOne(context, name, options);
}

async function removeOne({ settings, connection }: Context, name: string, options: AbortOptions): Promise<void> {
  const key = name.slice(settings.prefix.length);
  await connection.call(
    { operation: OPERATION, key, right: RIGHT },
    options,
    async (client, o) => {
      await client.send(new DeleteObjectCommand({ Bucket: settings.bucket, Key: name }), o);
      return true;
    },
    (failure) => (failure.name === "NoSuchKey" ? true : undefined),
  );
}

/** One key's error inside an answer of 200, as if it had been the answer. */
class RefusedKey extends Error {
  readonly $metadata: { readonly httpStatusCode: number };

  constructor(code: string, message: string, name: string) {
    super(`${message} (${name})`);
    this.name = code;
    const status = code === "InternalError" ? 500 : code === "SlowDown" || code === "ServiceUnavailable" ? 503 : 403;
    this.$metadata = { httpStatusCode: status };
  }
}
