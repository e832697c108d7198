import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from "@aws-sdk/client-s3";
import type { AbortOptions, SweepOptions } from "@lifeboat/contracts";
import { noteDate } from "./client.ts";
import type { Context } from "./context.ts";
import type { Asked } from "./explain.ts";
import { PROBES } from "./keys.ts";

const OPERATION = "storage.sweep";
const DAY_MS = 24 * 60 * 60 * 1000;

/** Something that nobody came back for. */
interface Leftover {
  readonly name: string;
  readonly uploadId?: string;
  /** By the server's clock. */
  readonly age: number;
}

/** Aborts uploads that nobody has ended and deletes probes that were left, beneath the prefix. Answers how many. */
export async function sweep(context: Context, { olderThan = DAY_MS, signal }: SweepOptions): Promise<number> {
  let swept = 0;
  for (const leftovers of [uploads, probes]) {
    for await (const leftover of leftovers(context, { signal })) {
      if (leftover.age < olderThan) continue;
      await end(context, leftover, { signal });
      swept += 1;
    }
  }
  return swept;
}

async function end(
  { settings, connection }: Context,
  { name, uploadId }: Leftover,
  options: AbortOptions,
): Promise<void> {
  const where = { Bucket: settings.bucket, Key: name };
  await connection.call(
    asked(uploadId === undefined ? "s3:DeleteObject" : "s3:AbortMultipartUpload", name.slice(settings.prefix.length)),
    options,
    async (client, o) => {
      if (uploadId === undefined) await client.send(new DeleteObjectCommand(where), o);
      else await client.send(new AbortMultipartUploadCommand({ ...where, UploadId: uploadId }), o);
      return true;
    },
    ({ status, name: why }) => (status === 404 && why !== "NoSuchBucket" ? true : undefined), // ended meanwhile
  );
}

async function* uploads({ settings, connection }: Context, options: AbortOptions): AsyncGenerator<Leftover> {
  let markers: { KeyMarker?: string; UploadIdMarker?: string } | null = {};
  while (markers !== null) {
    const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
      Bucket: settings.bucket,
      ...(settings.prefix === "" ? {} : { Prefix: settings.prefix }),
      ...markers,
    });
    const date = noteDate(command);
    const page = await connection.call(asked("s3:ListBucketMultipartUploads"), options, (client, o) =>
      client.send(command, o),
    );
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined) continue;
      yield { name: Key, uploadId: UploadId, age: ageOf(Initiated, date()) };
    }
    const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page;
    markers =
      IsTruncated && NextKeyMarker ? { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker ?? "" } : null;
  }
}

/** One page is enough: each process leaves at most one or two, and only where it may not delete. */
async function* probes({ settings, connection }: Context, options: AbortOptions): AsyncGenerator<Leftover> {
  const command = new ListObjectsV2Command({ Bucket: settings.bucket, Prefix: settings.prefix + PROBES });
  const date = noteDate(command);
  const page = await connection.call(asked("s3:ListBucket"), options, (client, o) => client.send(command, o));
  for (const { Key, LastModified } of page.Contents ?? []) {
    if (Key !== undefined) yield { name: Key, age: ageOf(LastModified, date()) };
  }
}

function ageOf(since: Date | undefined, now: Date): number {
  return since === undefined ? 0 : Math.max(0, now.getTime() - since.getTime());
}

function asked(right: string, key?: string): Asked {
  return { operation: OPERATION, right, key };
}
