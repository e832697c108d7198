import { setTimeout as wait } from "node:timers/promises";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { LifeboatError } from "@lifeboat/contracts";
import type { Context } from "./context.ts";
import { abortable } from "./linked.ts";
import { pauseBefore, remedyOf } from "./patience.ts";

const OPERATION = "storage.get";

/** Which bytes of which object a segment has. */
export interface SegmentPlan {
  readonly key: string;
  /** The object's name in the bucket. */
  readonly name: string;
  readonly start: number;
  /** May reach past the object's end. */
  readonly end: number;
  /** What the object was when its first bytes were read; absent for the first segment. */
  readonly version?: Version;
}

/** What tells an object from what replaced it. */
export interface Version {
  readonly etag: string;
  readonly size: number;
}

/** Told once per segment: what the object is. `null` where the segment begins at or past its end. */
export type Opened = Version | null;

/**
 * Fetches the bytes of a segment as fast as they come and hands each piece to
 * `push`, with the size of the whole object. A body that breaks off goes on where it stopped. That all bytes are of
 * one version is checked by the ETag of each answer and not asked for with
 * `If-Match`, which servers quote differently.
 *
 * @throws CONFLICT where the object was replaced meanwhile
 */
export async function fetchSegment(
  { settings, connection }: Context,
  plan: SegmentPlan,
  signal: AbortSignal,
  opened: (version: Opened) => void,
  push: (piece: Uint8Array, size: number) => void,
): Promise<void> {
  const asked = { operation: OPERATION, key: plan.key, right: "s3:GetObject" };
  let version = plan.version;
  let at = plan.start;
  let since = 0;
  for (let tries = 1; ; ) {
    const answer = await connection.call(
      asked,
      { signal },
      (client, o) =>
        client.send(
          new GetObjectCommand({ Bucket: settings.bucket, Key: plan.name, Range: `bytes=${at}-${plan.end - 1}` }),
          o,
        ),
      (failure) => {
        if (failure.status === 416) return "past the end";
        if (failure.status === 404 && version !== undefined) throw replaced(plan.key);
        return undefined;
      },
    );
    if (answer === "past the end") {
      if (version !== undefined) throw replaced(plan.key);
      return opened(null);
    }
    const size = sizeIn(answer.ContentRange) ?? (at === 0 ? answer.ContentLength : undefined);
    if (size === undefined || answer.Body === undefined) throw noRanges(plan.key);
    const now = { etag: answer.ETag ?? "", size };
    if (version === undefined) opened(now);
    else if (version.etag !== now.etag || version.size !== now.size) throw replaced(plan.key);
    version = now;

    const end = Math.min(plan.end, size);
    const before = at;
    try {
      for await (const piece of answer.Body as AsyncIterable<Uint8Array>) {
        const wanted = piece.length > end - at ? piece.subarray(0, end - at) : piece;
        at += wanted.length;
        if (wanted.length > 0) push(wanted, size);
      }
      if (at >= end) return;
      throw new Error("The body ended early.");
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (at >= end) return;
      const failure = connection.failure(error);
      const moment = performance.now();
      if (at > before) tries = 0; // what came through shows that the line works
      if (tries === 0 || since === 0) since = moment;
      tries += 1;
      const trouble = { remedy: remedyOf(failure), tries, lasting: moment - since, budget: connection.retryTime };
      const pause = pauseBefore({ ...trouble, random: Math.random() });
      if (pause === null) throw connection.explained(failure, asked);
      await abortable(wait(pause), signal);
    }
  }
}

/** `bytes 0-9/100` → 100 */
function sizeIn(contentRange: string | undefined): number | undefined {
  const total = /\/(\d+)$/.exec(contentRange ?? "")?.[1];
  return total === undefined ? undefined : Number(total);
}

function replaced(key: string): LifeboatError {
  return new LifeboatError({
    code: "CONFLICT",
    operation: OPERATION,
    key,
    message: `Expected ${JSON.stringify(key)} to stay the same while it was read, but it was replaced or deleted.`,
    hint: "Read it again from its beginning.",
    retryable: true,
  });
}

function noRanges(key: string): LifeboatError {
  return new LifeboatError({
    code: "UNSUPPORTED",
    operation: OPERATION,
    key,
    message: `Expected the server to send the asked range of ${JSON.stringify(key)}, but it did not say which bytes it sent.`,
    hint: "The server, or a proxy before it, does not implement ranges; use one that does.",
  });
}
