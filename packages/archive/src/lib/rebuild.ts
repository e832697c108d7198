import {
  type AbortOptions,
  LifeboatError,
  type Manifest,
  type ObjectInfo,
  type PartInfo,
  type SiteContext,
} from "@lifeboat/contracts";
import { ownBytes } from "@lifeboat/frames";
import { backupFolder, type Manifests } from "@lifeboat/manifests";
import { releaseBytes } from "@lifeboat/threads";
import { readIndex } from "./index-reader.ts";
import type { PartMetadata } from "./metadata.ts";
import { openPartAccess } from "./part-access.ts";
import { openPart, type PartObject, parsePartName } from "./part-layout.ts";
import { assertBelongs, openMetadata } from "./part-metadata.ts";
import type { PartThreads } from "./segment-line.ts";

interface FoundPart {
  readonly info: PartInfo;
  readonly metadata: PartMetadata;
}

/** Makes a lost manifest anew from what lies inside the parts, and writes it. */
export async function rebuildManifest(
  site: SiteContext,
  manifests: Manifests,
  id: string,
  options: AbortOptions = {},
): Promise<Manifest> {
  const found: FoundPart[] = [];
  let finished = new Date(0);
  for await (const stored of site.storage.list(`${backupFolder(id)}`, options)) {
    const object = parsePartName(stored.key.slice(backupFolder(id).length));
    if (object === null) continue;
    found.push(await readPartInfo(site, id, stored, object, options));
    if (stored.modified > finished) finished = stored.modified;
  }
  const [first] = found;
  if (first === undefined) throw absent(id, "it has no part");
  const { backup } = first.metadata;
  const missing = backup.sources.filter((source) => !found.some(({ info }) => info.source === source));
  if (missing.length > 0) throw absent(id, `it lacks the parts of ${missing.join(", ")}`);
  const order = new Map(backup.sources.map((source, n) => [source, n]));
  const parts = found.map(({ info }) => info).sort((a, b) => (order.get(a.source) ?? 0) - (order.get(b.source) ?? 0));
  const manifest: Manifest = {
    id,
    siteId: site.siteId,
    format: "archive",
    trigger: backup.trigger,
    started: backup.started,
    finished,
    app: backup.app,
    ...(backup.run === undefined ? {} : { run: backup.run }),
    parts,
    problems: [],
    rebuilt: true,
  };
  await manifests.commit(manifest, options);
  return manifest;
}

async function readPartInfo(
  site: SiteContext,
  id: string,
  stored: ObjectInfo,
  object: PartObject,
  options: AbortOptions,
): Promise<FoundPart> {
  const layout = await openPart(site.storage, stored.key, object, stored.size, site.secret, options);
  await using opened = await openPartAccess(site, layout, options);
  const metadata = await openMetadata(opened.access);
  assertBelongs(metadata, { key: stored.key, siteId: site.siteId, id, source: object.source });
  const counts = { files: 0, directories: 0, links: 0 };
  let size = 0;
  for await (const batch of readIndex(opened.index, options.signal)) {
    for (const { info } of batch) {
      if (info.type === "file") counts.files += 1;
      else if (info.type === "directory") counts.directories += 1;
      else counts.links += 1;
      size += info.size;
    }
  }
  const sha256 = await digestObject(site, stored.key, opened.threads, options);
  const name = stored.key.slice(stored.key.lastIndexOf("/") + 1);
  const objects = [{ name, size: stored.size, sha256 }];
  const { title, version, sections, folders, scope, ...start } = metadata.part;
  const info: PartInfo = {
    ...start,
    ...(title === undefined ? {} : { title }),
    ...(version === undefined ? {} : { version }),
    ...(sections === undefined ? {} : { sections }),
    ...(folders === undefined ? {} : { folders }),
    ...(scope === undefined ? {} : { scope }),
    counts,
    size,
    storedSize: stored.size,
    objects,
    problemCount: 0,
  };
  return { info, metadata };
}

async function digestObject(
  site: SiteContext,
  key: string,
  { digests }: PartThreads,
  options: AbortOptions,
): Promise<string> {
  for await (const piece of site.storage.get(key, options)) {
    releaseBytes((await digests.run({ op: "digest", id: 0, bytes: ownBytes(piece) }, options)) as Uint8Array);
  }
  return (await digests.run({ op: "digest-end", id: 0 }, options)) as string;
}

function absent(id: string, problem: string): LifeboatError {
  return new LifeboatError({
    code: "NOT_FOUND",
    operation: "archive.rebuild",
    key: id,
    message: `The manifest of backup ${id} can't be made anew: ${problem}.`,
    hint: "A run that was cut off leaves such a folder behind; it holds no whole backup and may be deleted.",
  });
}
