import { GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { type AbortOptions, LifeboatError, type ObjectInfo } from "@lifeboat/contracts";
import type { Context } from "./context.ts";
import type { Failure } from "./failure.ts";
import { markIn } from "./headers.ts";
import { nameOf } from "./keys.ts";

/** What is known of an object, with what tells it from others. */
export interface Found {
  readonly info: ObjectInfo;
  readonly etag: string;
  readonly mark: string | undefined;
}

/** What is at a key. */
export async function stat(context: Context, key: string, options: AbortOptions): Promise<ObjectInfo | null> {
  return (await look(context, key, "storage.stat", options))?.info ?? null;
}

/**
 * Looks at an object. The answer to a HEAD has no body that would say why it was
 * refused, so a refusal is asked about once more with a GET of one byte. Where that
 * is answered, such as after it has set the clock right, it is looked at once more.
 */
export async function look(
  context: Context,
  key: string,
  operation: string,
  options: AbortOptions,
  again = false,
): Promise<Found | null> {
  const { settings, connection } = context;
  const where = { Bucket: settings.bucket, Key: nameOf(settings, key, operation) };
  const asked = { operation, key, right: "s3:GetObject" };
  const found = await connection.call<Found | "absent" | "passed">(
    asked,
    options,
    async (client, o) => {
      const head = await client.send(new HeadObjectCommand(where), o);
      return {
        info: { key, size: head.ContentLength ?? 0, modified: head.LastModified ?? new Date(0) },
        etag: head.ETag ?? "",
        mark: markIn(head.Metadata),
      };
    },
    async (failure) => {
      if (failure.status === 404) {
        await connection.assertBucket(operation, options);
        return "absent";
      }
      if (failure.name === "" && failure.status >= 300 && failure.status < 500) return await tellWhy(failure);
      return undefined;
    },
  );
  if (found === "passed") return await look(context, key, operation, options, true);
  return found === "absent" ? null : found;

  async function tellWhy(refusal: Failure): Promise<"passed"> {
    return await connection.call<"passed">(
      asked,
      options,
      async (client, o) => {
        const { Body } = await client.send(new GetObjectCommand({ ...where, Range: "bytes=0-0" }), o);
        if (Body !== undefined && "destroy" in Body) Body.destroy();
        if (again) throw connection.explained(refusal, asked);
        return "passed";
      },
      (failure) => {
        if (!again && (failure.status === 416 || failure.status === 404)) return "passed";
        if (failure.status === 416 || failure.status === 404) throw connection.explained(refusal, asked);
        return undefined;
      },
    );
  }
}

/** The error for a key that is proven absent. */
export function missing(key: string, operation: string): LifeboatError {
  return new LifeboatError({
    code: "NOT_FOUND",
    operation,
    key,
    message: `Expected an object at ${JSON.stringify(key)}, found none.`,
  });
}
