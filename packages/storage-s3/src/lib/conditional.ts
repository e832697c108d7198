import { randomUUID } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { AbortOptions } from "@lifeboat/contracts";
import { bodyHeaders } from "./client.ts";
import type { Connection } from "./connection.ts";
import type { Failure } from "./failure.ts";
import { probeHeaders, uploadHeaders } from "./headers.ts";
import { PROBES } from "./keys.ts";
import { abortable } from "./linked.ts";
import type { Settings } from "./options.ts";

const OPERATION = "storage.put";
const BODY = new Uint8Array([0x3f]);

/**
 * Whether the server honours `If-None-Match: *`, found out by trying it on an
 * object of its own: some servers refuse it, others ignore it and overwrite.
 */
export interface ConditionalPuts {
  /** What is proven so far. */
  readonly proven: boolean;
  /** For puts in one request. Asked once; a failure of the line is no answer and is asked again. */
  inOne(options: AbortOptions): Promise<boolean>;
  /** For uploads in parts, where some servers ignore it though they honour it otherwise. */
  inParts(options: AbortOptions): Promise<boolean>;
}

export function conditionalPuts(settings: Settings, connection: Connection): ConditionalPuts {
  let proven = false;
  const once = (probe: () => Promise<boolean>) => {
    let answer: Promise<boolean> | undefined;
    return async ({ signal }: AbortOptions) => {
      answer ??= probe();
      answer.catch(() => {
        answer = undefined;
      });
      return await abortable(answer, signal);
    };
  };
  return {
    get proven() {
      return proven;
    },
    inOne: once(async () => {
      proven = await probeOne(settings, connection);
      return proven;
    }),
    inParts: once(() => probeParts(settings, connection)),
  };
}

async function probeOne(settings: Settings, connection: Connection): Promise<boolean> {
  return await withProbe(settings, connection, async (probe) => {
    const put = () =>
      connection.call<"written" | "refused" | "lacking">(
        { operation: OPERATION, right: "s3:PutObject" },
        {},
        async (client, o) => {
          const headers = { ...probeHeaders(settings), ...bodyHeaders(settings, BODY) };
          await client.send(new PutObjectCommand({ ...probe, ...headers, Body: BODY, IfNoneMatch: "*" }), o);
          return "written";
        },
        judge,
      );
    if ((await put()) === "lacking") return false;
    return (await put()) === "refused";
  });
}

async function probeParts(settings: Settings, connection: Connection): Promise<boolean> {
  return await withProbe(settings, connection, async (probe) => {
    const answer = await connection.call<"written" | "refused" | "lacking">(
      { operation: OPERATION, right: "s3:PutObject" },
      {},
      async (client, o) => {
        const headers = probeHeaders(settings);
        const body = { Body: BODY, ...bodyHeaders(settings, BODY) };
        await client.send(new PutObjectCommand({ ...probe, ...headers, ...body }), o);
        const started = new CreateMultipartUploadCommand({ ...probe, ...headers, ...uploadHeaders(settings) });
        const { UploadId } = await client.send(started, o);
        try {
          const part = await client.send(new UploadPartCommand({ ...probe, ...body, UploadId, PartNumber: 1 }), o);
          const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32 }] };
          const last = { ...probe, UploadId, MultipartUpload, IfNoneMatch: "*" };
          await client.send(new CompleteMultipartUploadCommand(last), o);
        } catch (error) {
          await client.send(new AbortMultipartUploadCommand({ ...probe, UploadId }), o);
          throw error;
        }
        return "written";
      },
      judge,
    );
    return answer === "refused";
  });
}

function judge({ status, name }: Failure): "refused" | "lacking" | undefined {
  if (status === 412) return "refused";
  return status === 501 ||
    name === "NotImplemented" ||
    (status === 400 && /^(InvalidArgument|InvalidRequest)$/.test(name))
    ? "lacking"
    : undefined;
}

async function withProbe(
  settings: Settings,
  connection: Connection,
  work: (probe: { Bucket: string; Key: string }) => Promise<boolean>,
): Promise<boolean> {
  const probe = { Bucket: settings.bucket, Key: `${settings.prefix}${PROBES}${randomUUID()}` };
  try {
    return await work(probe);
  } finally {
    await connection.call(
      { operation: OPERATION, right: "s3:DeleteObject" },
      {},
      async (client, o) => {
        await client.send(new DeleteObjectCommand(probe), o);
        return true;
      },
      () => true, // a host that may not delete leaves one byte that listings do not show; a sweep removes it
    );
  }
}
