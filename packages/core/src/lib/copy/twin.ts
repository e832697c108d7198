import type { AbortOptions, Manifest, PartInfo } from "@lifeboat/contracts";
import { isDamage } from "../errors.ts";
import type { OpenSite } from "../sites.ts";

/** The ids on a site by what they tell: the same time and trigger. */
export type Stems = ReadonlyMap<string, readonly string[]>;

/** So many characters of an id are random, and the hyphen before them. */
const SUFFIX = 5;

/** Lists the finished backups of a site by the stems of their ids. */
export async function listStems({ repository }: OpenSite, options: AbortOptions): Promise<Stems> {
  const stems = new Map<string, string[]>();
  for await (const { id, complete } of repository.list(options)) {
    if (!complete) continue;
    const stem = id.slice(0, -SUFFIX);
    const known = stems.get(stem);
    if (known === undefined) stems.set(stem, [id]);
    else known.push(id);
  }
  return stems;
}

/** The id under which a site has a copy of a backup already, or `null`. */
export async function findCopy(
  to: OpenSite,
  original: Manifest,
  there: Stems,
  options: AbortOptions,
): Promise<string | null> {
  for (const id of there.get(original.id.slice(0, -SUFFIX)) ?? []) {
    if (await isCopyOn(to, id, original, options)) return id;
  }
  return null;
}

/** Whether this is a copy of a backup; what can't be read is none. */
export async function isCopyOn(
  { repository }: OpenSite,
  id: string,
  original: Manifest,
  options: AbortOptions,
): Promise<boolean> {
  try {
    return isCopy(original, await repository.manifest(id, options));
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  }
}

/**
 * Whether a backup is a copy of another, by what their manifests say. The formats, and so the objects, may differ.
 * Where the ids differ, too, the times at which they ended must be the same: four random digits in the ids keep apart
 * what began at one instant.
 */
export function isCopy(original: Manifest, other: Manifest): boolean {
  if (original.id !== other.id && original.finished.getTime() !== other.finished.getTime()) return false;
  return (
    original.trigger === other.trigger &&
    original.started.getTime() === other.started.getTime() &&
    original.app.name === other.app.name &&
    original.app.version === other.app.version &&
    original.parts.length === other.parts.length &&
    original.parts.every((part, at) => isCopyOfPart(part, other.parts[at]))
  );
}

/** Whether a part holds as much as the original does. */
export function isCopyOfPart(original: PartInfo, other: PartInfo | undefined): boolean {
  return (
    other !== undefined &&
    original.source === other.source &&
    original.version === other.version &&
    original.size === other.size &&
    original.counts.files === other.counts.files &&
    original.counts.directories === other.counts.directories &&
    original.counts.links === other.counts.links
  );
}
