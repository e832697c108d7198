import { HeadObjectCommand, PutObjectRetentionCommand } from "@aws-sdk/client-s3";
import type { AbortOptions } from "@lifeboat/contracts";
import { withMd5 } from "./client.ts";
import type { Context } from "./context.ts";
import type { Asked } from "./explain.ts";
import { newObjectHeaders } from "./headers.ts";

/**
 * Locks an object where that was asked for and the server forgot it: Ceph 16 takes
 * the lock of an upload in parts, and drops it.
 */
export async function assertLocked(context: Context, name: string, asked: Asked, options: AbortOptions): Promise<void> {
  const { settings, connection } = context;
  const { ObjectLockMode: Mode, ObjectLockRetainUntilDate: RetainUntilDate } = newObjectHeaders(settings);
  if (Mode === undefined) return;
  const where = { Bucket: settings.bucket, Key: name };
  const { operation, key } = asked;
  const locked = await connection.call(
    { operation, key, right: "s3:GetObjectRetention" },
    options,
    async (client, o) => {
      const { ObjectLockMode } = await client.send(new HeadObjectCommand(where), o);
      return ObjectLockMode !== undefined;
    },
  );
  if (locked) return;
  await connection.call({ operation, key, right: "s3:PutObjectRetention" }, options, async (client, o) => {
    const command = new PutObjectRetentionCommand({ ...where, Retention: { Mode, RetainUntilDate } });
    if (settings.checksums !== "crc32") withMd5(command);
    await client.send(command, o);
  });
}
