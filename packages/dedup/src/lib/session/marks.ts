import { type AbortOptions, isLifeboatError, LifeboatError, type SiteContext } from "@lifeboat/contracts";
import {
  fieldReader,
  newBackupId,
  parseBackupId,
  readSiteDocument,
  type SiteDocument,
  writeSiteDocument,
} from "@lifeboat/manifests";
import { isPackId } from "../pack/pack-name.ts";

/** Why a pack is condemned. */
export type CondemnedWhy = "unused" | "repacked" | "damaged";

/** A pack that is not to be relied on any more. */
export interface CondemnedPack {
  /** In hex. */
  readonly id: string;
  readonly why: CondemnedWhy;
}

/** A mark: packs that somebody has condemned. It is final, and there until all of them are gone. */
export interface Mark {
  readonly id: string;
  readonly packs: readonly CondemnedPack[];
}

const PREFIX = "condemned/";
const WHY: readonly CondemnedWhy[] = ["unused", "repacked", "damaged"];
/** So many packs are in a mark at most. */
export const MAX_MARKED = 100_000;

/**
 * Lists and reads the marks. One that vanishes meanwhile counts no more: its packs were gone before.
 *
 * @throws LOCKED where a mark can't be read: nobody may write or delete then
 */
export async function readMarks(
  site: SiteContext,
  { only, ...options }: AbortOptions & { readonly only?: string } = {},
): Promise<readonly Mark[]> {
  const keys = only === undefined ? await markKeys(site, options) : [only];
  const marks = await Promise.all(keys.map((key) => readMark(site, idAt(key), options)));
  return marks.filter((mark) => mark !== null);
}

/** The keys of the marks that a listing shows, oldest first. */
export async function markKeys({ storage }: SiteContext, options: AbortOptions = {}): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list(PREFIX, options)) {
    const id = idAt(key);
    if (key === markKey(id) && parseBackupId(id) !== null) keys.push(key);
  }
  return keys.sort();
}

function idAt(key: string): string {
  return key.slice(PREFIX.length, -".json".length);
}

/** The packs of all marks: what a writer must not rely on. */
export function packsToAvoid(marks: readonly Mark[]): ReadonlySet<string> {
  return new Set(marks.flatMap(({ packs }) => packs.map(({ id }) => id)));
}

/** The packs that marks say are damaged or gone. */
export function packsMarkedDamaged(marks: readonly Mark[]): ReadonlySet<string> {
  return new Set(marks.flatMap(({ packs }) => packs.flatMap(({ id, why }) => (why === "damaged" ? [id] : []))));
}

/** Puts marks about packs, one for each hundred thousand; answers them. */
export async function putMarks(
  site: SiteContext,
  packs: readonly CondemnedPack[],
  options: AbortOptions & { readonly now: number },
): Promise<readonly Mark[]> {
  const marks: Mark[] = [];
  for (let from = 0; from < packs.length; from += MAX_MARKED) {
    const mark = { id: newBackupId(new Date(options.now), "manual"), packs: packs.slice(from, from + MAX_MARKED) };
    await writeMark(site, mark, { signal: options.signal, ifAbsent: true });
    marks.push(mark);
  }
  return marks;
}

/** Deletes a mark, all of whose packs are gone. */
export async function deleteMark({ storage }: SiteContext, { id }: Mark, options: AbortOptions = {}): Promise<void> {
  await storage.delete([markKey(id)], options);
}

/** The key of a mark. */
export function markKey(id: string): string {
  return `${PREFIX}${id}.json`;
}

async function writeMark(
  site: SiteContext,
  { id, packs }: Mark,
  options: AbortOptions & { readonly ifAbsent: boolean },
): Promise<void> {
  const open = { packs: packs.map(({ id: pack, why }) => ({ id: pack, why })) };
  await writeSiteDocument(site, place(id), open, {}, options);
}

async function readMark(site: SiteContext, id: string, options: AbortOptions): Promise<Mark | null> {
  const read = fieldReader("dedup.mark", markKey(id));
  try {
    const { open } = await readSiteDocument(site, place(id), options);
    const packs = read.array(open.packs, "packs").map((value, n): CondemnedPack => {
      const pack = read.object(value, `packs[${n}]`);
      const packId = read.text(pack.id, `packs[${n}].id`);
      if (!isPackId(packId)) read.refuse(`packs[${n}].id`, "the id of a pack");
      const why = WHY.find((each) => each === pack.why) ?? read.refuse(`packs[${n}].why`, WHY.join(", "));
      return { id: packId, why };
    });
    if (packs.length > MAX_MARKED) read.refuse("packs", `at most ${MAX_MARKED}`);
    return { id, packs };
  } catch (error) {
    if (isLifeboatError(error, "NOT_FOUND")) return null;
    if (isLifeboatError(error) && UNREADABLE.has(error.code)) throw unreadableMark(id, error);
    throw error;
  }
}

const UNREADABLE: ReadonlySet<string> = new Set(["CORRUPT", "WRONG_KEY", "INCOMPATIBLE", "UNSUPPORTED"]);

function place(id: string): SiteDocument {
  return { type: "condemned", id, key: markKey(id), version: 1 };
}

function unreadableMark(id: string, cause: LifeboatError): LifeboatError {
  return new LifeboatError({
    code: "LOCKED",
    operation: "dedup.mark",
    key: markKey(id),
    message: `The mark ${markKey(id)} can't be read, so nobody knows which packs may be relied on: ${cause.message}`,
    hint: "Repair the site with engine.repair({ site }): it puts a readable one in its place.",
    cause,
  });
}
