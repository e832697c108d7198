import { type GetOptions, resolveRange } from "@lifeboat/contracts";
import { download } from "./download.ts";
import type { Parts } from "./parts.ts";
import { placeOf } from "./place.ts";

const OPERATION = "storage.get";

/** Reads an object, or a span of it. */
export async function* get(
  { settings, line }: Parts,
  key: string,
  { range, signal }: GetOptions,
): AsyncGenerator<Uint8Array> {
  const place = placeOf(settings.root, key, OPERATION);
  const { start, end } = resolveRange(range, OPERATION, key);
  yield* download(line, { key, path: place.file, start, end }, signal);
}
