import { createHash } from "node:crypto";
import { type AbortOptions, LifeboatError, type Manifest, type PartInfo, type SiteContext } from "@lifeboat/contracts";
import { backupFolder, type Manifests } from "@lifeboat/manifests";
import {
  assertPartBelongs,
  decodePartObject,
  MAX_PART_OBJECT_BYTES,
  type PartObject,
  sourceOfPart,
} from "./list/part-object.ts";
import { readObject } from "./read-object.ts";
import { sealingKey } from "./site-key.ts";
import { metadataOf } from "./write/metadata.ts";

/**
 * Makes a lost manifest anew from the part objects in the backup's folder, and writes it.
 *
 * @throws NOT_FOUND where a part is missing; CORRUPT where one is damaged
 */
export async function rebuildManifest(
  site: SiteContext,
  manifests: Manifests,
  id: string,
  options: AbortOptions = {},
): Promise<Manifest> {
  const found = new Map<string, { readonly object: PartObject; readonly info: PartInfo }>();
  let finished = new Date(0);
  for await (const { key, modified } of site.storage.list(backupFolder(id), options)) {
    const name = key.slice(backupFolder(id).length);
    const source = sourceOfPart(name);
    if (source === null) continue;
    const bytes = await readObject(site.storage, key, MAX_PART_OBJECT_BYTES, options);
    const object = decodePartObject(sealingKey(site), bytes, key);
    assertPartBelongs(object, { key, siteId: site.siteId, id, source });
    const { counts, size, storedSize } = object.list;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const objects = [{ name, size: bytes.length, sha256 }];
    found.set(source, {
      object,
      info: { ...metadataOf(object.part), counts, size, storedSize, objects, problemCount: 0 },
    });
    if (modified > finished) finished = modified;
  }
  const [first] = found.values();
  if (first === undefined) throw absent(id, "it has no part");
  const { backup } = first.object;
  const missing = backup.sources.filter((source) => !found.has(source));
  if (missing.length > 0) throw absent(id, `it lacks the parts of ${missing.join(", ")}`);
  const { siteId, trigger, started, app, run, sources } = backup;
  const parts = sources.flatMap((source) => found.get(source)?.info ?? []);
  const manifest: Manifest = {
    id,
    siteId,
    format: "dedup",
    trigger,
    started,
    finished,
    app,
    ...(run === undefined ? {} : { run }),
    parts,
    problems: [],
    rebuilt: true,
  };
  await manifests.commit(manifest, options);
  return manifest;
}

function absent(id: string, problem: string): LifeboatError {
  return new LifeboatError({
    code: "NOT_FOUND",
    operation: "dedup.rebuild",
    key: id,
    message: `The manifest of backup ${id} can't be made anew: ${problem}.`,
    hint: "A run that was cut off leaves such a folder behind; it holds no whole backup and may be deleted.",
  });
}
