import { createHash } from "node:crypto";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { Settings } from "./options.ts";

/** Connections kept besides those for parts, ranges and copies: for small requests. */
const SPARE_SOCKETS = 32;

/** A client of the SDK with time limits, connections that are used again, and no retries of its own. */
export function openClient(settings: Settings): S3Client {
  const { options, region, endpoint, addressing, checksums } = settings;
  const config: S3ClientConfig = {
    maxAttempts: 1, // the SDK's are over within a tenth of a second; connection.ts has its own
    forcePathStyle: addressing === "path",
    requestChecksumCalculation: checksums === "crc32" ? "WHEN_SUPPORTED" : "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED", // not defined for ranges, and backups are verified anyway
    expectContinueHeader: false, // the SDK would open a new connection for every part
    followRegionRedirects: false,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: settings.connectTimeout,
      socketTimeout: settings.idleTimeout,
      httpAgent: new HttpAgent(agentOptions(settings)),
      httpsAgent: new HttpsAgent({
        ...agentOptions(settings),
        ...(options.tls?.ca === undefined ? {} : { ca: Buffer.from(options.tls.ca) }),
        rejectUnauthorized: options.tls?.insecure !== true,
      }),
    }),
  };
  if (region !== undefined) config.region = region;
  if (endpoint !== undefined) config.endpoint = endpoint;
  if (options.credentials !== undefined) config.credentials = options.credentials;
  return new S3Client(config);
}

function agentOptions({ uploadConcurrency, downloadConcurrency, copyConcurrency }: Settings) {
  const maxSockets = uploadConcurrency + downloadConcurrency + copyConcurrency + SPARE_SOCKETS;
  return { keepAlive: true, noDelay: true, maxSockets };
}

/** `Content-MD5` of a body. */
export function md5(body: Uint8Array | string): string {
  return createHash("md5").update(body).digest("base64");
}

/** A command of the SDK, of whichever kind. */
interface Command {
  readonly middlewareStack: object;
}
/** What is used of the SDK's own type, which differs from command to command. */
interface Stack {
  add(middleware: (next: Handler) => Handler, options: { step: string; name: string; priority: "low" }): void;
}
type Handler = (args: { request: HttpMessage }) => Promise<{ response?: HttpMessage }>;
interface HttpMessage {
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array | string;
}

/**
 * Tells the time of the server's answer, by its own clock: what a put answers with,
 * without asking once more. Whole seconds.
 */
export function noteDate(command: Command): () => Date {
  let date: Date | undefined;
  (command.middlewareStack as Stack).add(
    (next) => async (args) => {
      const result = await next(args);
      const told = new Date(result.response?.headers?.date ?? Number.NaN);
      if (!Number.isNaN(told.getTime())) date = told;
      return result;
    },
    { step: "deserialize", name: "lifeboatNoteDate", priority: "low" },
  );
  return () => date ?? new Date();
}

/** Sends `Content-MD5` in the place of the SDK's checksum headers. */
export function withMd5(command: Command): void {
  (command.middlewareStack as Stack).add(
    (next) => async (args) => {
      const { headers = {}, body } = args.request;
      for (const name of Object.keys(headers)) {
        if (/^x-amz-(sdk-)?checksum-/.test(name)) delete headers[name];
      }
      headers["content-md5"] = md5(body ?? "");
      return await next(args);
    },
    { step: "build", name: "lifeboatContentMd5", priority: "low" },
  );
}

/** The checksum headers that a body needs besides those that the SDK adds. */
export function bodyHeaders({ checksums }: Settings, body: Uint8Array): { ContentMD5?: string } {
  return checksums === "md5" ? { ContentMD5: md5(body) } : {};
}
