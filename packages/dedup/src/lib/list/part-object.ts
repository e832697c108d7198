import { type BackupStart, type EntryCounts, LifeboatError, type PartStart } from "@lifeboat/contracts";
import { openBytes, SealedKind, sealStream } from "@lifeboat/crypto";
import { type FieldReader, type Fields, fieldReader, isTrigger, readRunFields, runFields } from "@lifeboat/manifests";
import { ID_BYTES } from "../bytes.ts";
import { corrupt, newerVersion } from "../errors.ts";
import { isPackId } from "../pack/pack-name.ts";
import type { SealingKey } from "../site-key.ts";
import { MAX_DEPTH, MAX_LIST_PACKS, MAX_ROOT_REFS } from "./limits.ts";
import { type Body, RefList, refId } from "./refs.ts";

/** What a part of a backup says of itself: from it a lost manifest is made anew, and its list is found. */
export interface PartObject {
  readonly backup: BackupStart & { readonly siteId: string };
  readonly part: PartStart;
  readonly list: ListRoot;
}

/** The root of a part's entry list. */
export interface ListRoot extends Body {
  readonly counts: EntryCounts;
  /** Bytes of content of all entries. */
  readonly size: number;
  /** Bytes that the part added to the site, in frames. */
  readonly storedSize: number;
  /**
   * Packs, by their ids in hex, in which the list's chunks lie as far as its writer knew: looking there first spares
   * the next writer the index. None of them need be there any more.
   */
  readonly packs: readonly string[];
}

const SUFFIX = ".list.sealed";
/** A longer one is refused before it is read. */
export const MAX_PART_OBJECT_BYTES = 16 << 20;

/** The name of a source's part in its backup's folder. */
export function partName(source: string): string {
  return `${source}${SUFFIX}`;
}

/** The source of the part with this name, or `null` where it is no part's. */
export function sourceOfPart(name: string): string | null {
  return name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : null;
}

/** The bytes of a part object (docs/spec/dedup.md, "Part objects"). */
export async function encodePartObject(key: SealingKey, object: PartObject): Promise<Uint8Array> {
  const { backup, part, list } = object;
  const { id, siteId, trigger, started, app, run, sources } = backup;
  const by = run === undefined ? {} : { run: runFields(run) };
  const value = {
    lifeboat: 1,
    backup: { id, siteId, trigger, started: started.toISOString(), app, ...by, sources },
    part,
    list: {
      depth: list.depth,
      refs: refsJson(list),
      counts: list.counts,
      size: list.size,
      storedSize: list.storedSize,
      packs: list.packs,
    },
  };
  const plain = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  const options = {
    ...key,
    kind: SealedKind.entryList,
    keyBlock: new Uint8Array(0),
    segmentBytes: Math.min(plain.length, MAX_PART_OBJECT_BYTES), // one segment, and no more memory than it has
  };
  const pieces: Uint8Array[] = [];
  for await (const piece of sealStream(once(plain), options)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/**
 * Reads a part object.
 *
 * @throws CORRUPT where it is damaged or a member is not as it should be; WRONG_KEY; UNSUPPORTED
 */
export function decodePartObject({ siteKey }: SealingKey, bytes: Uint8Array, key: string): PartObject {
  const text = Buffer.from(openBytes(bytes, siteKey, { kind: SealedKind.entryList })).toString("utf8");
  const read = fieldReader("dedup.part", key);
  const value = read.object(parse(text, key), "the part");
  if (value.lifeboat !== 1) {
    if (typeof value.lifeboat === "number" && value.lifeboat > 1) throw newerVersion(`the part ${key}`, value.lifeboat);
    read.refuse("lifeboat", "1");
  }
  return {
    backup: readBackup(read.object(value.backup, "backup"), read),
    part: readPart(read.object(value.part, "part"), read),
    list: readRoot(read.object(value.list, "list"), read),
  };
}

/**
 * Refuses a part that is genuine in itself, but lies in another one's place.
 *
 * @throws INCOMPATIBLE
 */
export function assertPartBelongs(
  { backup, part }: PartObject,
  place: { readonly key: string; readonly siteId: string; readonly id: string; readonly source: string },
): void {
  if (backup.siteId === place.siteId && backup.id === place.id && part.source === place.source) return;
  throw new LifeboatError({
    code: "INCOMPATIBLE",
    operation: "dedup.part",
    key: place.key,
    message: `Expected the part "${place.source}" of backup ${place.id} at ${place.key}, found "${part.source}" of ${backup.id}.`,
    hint: "It was copied or moved there: put each backup's folder back under its own name.",
  });
}

function readBackup(backup: Fields, read: FieldReader): PartObject["backup"] {
  const app = read.object(backup.app, "backup.app");
  const { trigger } = backup;
  if (!isTrigger(trigger)) read.refuse("backup.trigger", "a trigger");
  return {
    id: read.text(backup.id, "backup.id"),
    siteId: read.text(backup.siteId, "backup.siteId"),
    trigger,
    started: read.time(backup.started, "backup.started"),
    app: { name: read.text(app.name, "backup.app.name"), version: read.text(app.version, "backup.app.version") },
    ...(backup.run === undefined ? {} : { run: readRunFields(backup.run, "backup.run", read) }),
    sources: texts(backup.sources, "backup.sources", read),
  };
}

function readPart(part: Fields, read: FieldReader): PartStart {
  const text = (name: string) => (part[name] === undefined ? {} : { [name]: read.text(part[name], `part.${name}`) });
  const list = (name: string) => (part[name] === undefined ? {} : { [name]: texts(part[name], `part.${name}`, read) });
  const { scope } = part;
  return {
    source: read.text(part.source, "part.source"),
    description: part.description === undefined ? {} : read.json(part.description, "part.description"),
    ...text("title"),
    ...text("version"),
    ...list("sections"),
    ...list("folders"),
    ...(scope === undefined ? {} : { scope: scope === null ? null : read.json(scope, "part.scope") }),
  };
}

function readRoot(list: Fields, read: FieldReader): ListRoot {
  const counts = read.object(list.counts, "list.counts");
  const depth = read.count(list.depth, "list.depth");
  if (depth > MAX_DEPTH) read.refuse("list.depth", `at most ${MAX_DEPTH}`);
  const refs = new RefList();
  const rows = read.array(list.refs, "list.refs");
  if (rows.length > MAX_ROOT_REFS) read.refuse("list.refs", `at most ${MAX_ROOT_REFS}`);
  for (const row of rows) {
    const [length, id] = read.array(row, "list.refs");
    const bytes = read.count(length, "list.refs");
    if (bytes === 0) read.refuse("list.refs", "to some bytes each");
    refs.add(bytes, Buffer.from(read.sha256(id, "list.refs"), "hex").subarray(0, ID_BYTES));
  }
  return {
    depth,
    refs,
    counts: {
      files: read.count(counts.files, "list.counts.files"),
      directories: read.count(counts.directories, "list.counts.directories"),
      links: read.count(counts.links, "list.counts.links"),
    },
    size: read.count(list.size, "list.size"),
    storedSize: read.count(list.storedSize, "list.storedSize"),
    packs: readPacks(list.packs, read),
  };
}

function readPacks(packs: unknown, read: FieldReader): string[] {
  const ids = texts(packs ?? [], "list.packs", read);
  if (ids.length > MAX_LIST_PACKS) read.refuse("list.packs", `at most ${MAX_LIST_PACKS}`);
  for (const id of ids) if (!isPackId(id)) read.refuse("list.packs", "ids of packs");
  return ids;
}

function texts(value: unknown, where: string, read: FieldReader): string[] {
  return read.array(value, where).map((text) => read.text(text, where));
}

function refsJson({ refs }: Body): [number, string][] {
  return Array.from({ length: refs.count }, (_, n) => [
    refs.lengths[n] ?? 0,
    Buffer.from(refId(refs, n)).toString("hex"),
  ]);
}

function parse(text: string, key: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw corrupt(`The part ${key}`, "it is not JSON", key);
  }
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}
