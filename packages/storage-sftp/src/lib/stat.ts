import type { AbortOptions, ObjectInfo } from "@lifeboat/contracts";
import { inTheWay } from "./errors.ts";
import type { Parts } from "./parts.ts";
import { placeOf } from "./place.ts";
import { look } from "./requests.ts";

const OPERATION = "storage.stat";

/** What is at a key; `null` where it is proven absent. */
export async function stat(
  { settings, line }: Parts,
  key: string,
  { signal }: AbortOptions,
): Promise<ObjectInfo | null> {
  const { file } = placeOf(settings.root, key, OPERATION);
  const found = await line.run((on) => look(on, file), signal);
  if (found?.type === "link") throw inTheWay(file, "a link", OPERATION, key);
  return found?.type === "file" ? { key, size: found.size, modified: found.modified } : null;
}
