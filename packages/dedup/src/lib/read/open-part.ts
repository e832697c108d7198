import type { AbortOptions, PartInfo, Storage } from "@lifeboat/contracts";
import { collectBytes } from "@lifeboat/frames";
import { backupKey } from "@lifeboat/manifests";
import { corrupt } from "../errors.ts";
import {
  assertPartBelongs,
  decodePartObject,
  MAX_PART_OBJECT_BYTES,
  type PartObject,
  partName,
} from "../list/part-object.ts";
import type { SealingKey } from "../site-key.ts";

/** Where a part is, and what opens it. */
export interface PartPlace {
  readonly storage: Storage;
  readonly key: SealingKey;
  readonly siteId: string;
  /** The backup's. */
  readonly id: string;
}

/**
 * Reads what a part says of itself.
 *
 * @throws NOT_FOUND; CORRUPT; WRONG_KEY; UNSUPPORTED; INCOMPATIBLE where it is another backup's
 */
export async function openPartObject(
  { storage, key, siteId, id }: PartPlace,
  { source, objects }: Pick<PartInfo, "source" | "objects">,
  { signal }: AbortOptions,
): Promise<PartObject> {
  const place = backupKey(id, partName(source));
  const [stored] = objects;
  if (stored?.name !== partName(source) || objects.length !== 1) {
    throw corrupt(`The manifest of ${id}`, `the part "${source}" has not its one object ${partName(source)}`, place);
  }
  if (stored.size > MAX_PART_OBJECT_BYTES) throw corrupt(`The part ${place}`, `it has ${stored.size} bytes`, place);
  const bytes = await collectBytes(storage.get(place, { range: { start: 0, end: stored.size + 1 }, signal }));
  if (bytes.length !== stored.size)
    throw corrupt(`The part ${place}`, `it has not the ${stored.size} bytes of its manifest`, place);
  const object = decodePartObject(key, bytes, place);
  assertPartBelongs(object, { key: place, siteId, id, source });
  return object;
}
