import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { type AbortOptions, LifeboatError, type ObjectInfo } from "@lifeboat/contracts";
import type { Context } from "./context.ts";
import { keyOf } from "./keys.ts";

/** Lists page by page, the next page on its way while one is read. */
export async function* list(
  { settings, connection }: Context,
  prefix: string,
  options: AbortOptions,
): AsyncGenerator<ObjectInfo> {
  const page = (token?: string): Promise<ListObjectsV2CommandOutput> => {
    const loading = connection.call({ operation: "storage.list", right: "s3:ListBucket" }, options, (client, o) =>
      client.send(
        new ListObjectsV2Command({
          Bucket: settings.bucket,
          Prefix: settings.prefix + prefix,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
        o,
      ),
    );
    loading.catch(() => undefined); // told when it is awaited, which a listing that is left early never does
    return loading;
  };
  for (let next: Promise<ListObjectsV2CommandOutput> | null = page(); next !== null; ) {
    const { Contents = [], IsTruncated, NextContinuationToken }: ListObjectsV2CommandOutput = await next;
    if (IsTruncated && !NextContinuationToken) throw cutShort(prefix);
    next = IsTruncated ? page(NextContinuationToken) : null;
    for (const { Key, Size, LastModified } of Contents) {
      options.signal?.throwIfAborted();
      const key = keyOf(settings, Key ?? "");
      if (key !== null) yield { key, size: Size ?? 0, modified: LastModified ?? new Date(0) };
    }
  }
}

/** Half a listing must never be taken for a whole one. */
function cutShort(prefix: string): LifeboatError {
  return new LifeboatError({
    code: "UNSUPPORTED",
    operation: "storage.list",
    message: `Expected the server to say how a listing of ${JSON.stringify(prefix)} goes on, since it says that there is more; it did not.`,
    hint: "The server does not know listings of version 2 (ListObjectsV2); use one that does.",
  });
}
