import type { AbortOptions, EntryInfo, EntryListing, PartInfo } from "@lifeboat/contracts";
import { type ListedIdentity, listedIdentity, readDigests, type SitePart } from "./digests.ts";
import { type Listing, pairListings } from "./listing.ts";
import type { EntryPair } from "./merge.ts";

/** One side of a comparison; its part is absent where the backup does not have the source. */
export interface DiffSide extends Omit<SitePart, "source"> {
  readonly part: PartInfo | undefined;
}

/** How parts are paired. */
export interface PairOptions extends AbortOptions {
  readonly content: "listed" | "read";
  /** Whether pairs that are known to be the same may be left out. */
  readonly shorten: boolean;
}

/** The entries of one source in two backups, paired by their paths. */
export async function* pairParts(before: DiffSide, after: DiffSide, options: PairOptions): AsyncGenerator<EntryPair> {
  const { content, shorten, signal } = options;
  const { repository } = before.site;
  const inOne = before.site.context.siteId === after.site.context.siteId;
  if (shorten && inOne && repository.diff !== undefined && before.part !== undefined && after.part !== undefined) {
    const { source } = before.part;
    const differing = await repository.diff({ id: before.id, source }, { id: after.id, source }, { signal });
    yield* pairListings(comparable(differing.before), comparable(differing.after));
    return;
  }
  const read = content === "read" ? await whatToRead(before, after, { signal }) : { before: false, after: false };
  yield* pairListings(listing(before, read.before, { signal }), listing(after, read.after, { signal }));
}

/** Content is read only where the two lists have nothing in common that tells it. */
async function whatToRead(before: DiffSide, after: DiffSide, options: AbortOptions) {
  const [first, second] = [await identity(before, options), await identity(after, options)];
  const empty = first === null || second === null;
  const inOne = first === "content" && second === "content" && before.site === after.site;
  if (empty || inOne) return { before: false, after: false };
  return { before: first !== "sha256", after: second !== "sha256" };
}

async function identity({ part, ...side }: DiffSide, options: AbortOptions): Promise<ListedIdentity | null> {
  return part === undefined ? null : listedIdentity({ ...side, source: part.source }, options);
}

function listing({ site, id, part }: DiffSide, read: boolean, { signal }: AbortOptions): Listing {
  if (part === undefined) return { entries: 0, list: nothing, compared: nothing };
  const { source, counts } = part;
  const entries = counts.files + counts.directories + counts.links;
  const listed = comparable({ entries, list: () => site.repository.entries(id, source, { signal }) });
  if (!read) return listed;
  return { ...listed, compared: (select) => readDigests({ site, id, source }, { signal, select }) };
}

/** A listing that tells all that is compared. */
function comparable(listing: EntryListing): Listing {
  return {
    entries: listing.entries,
    list: () => listing.list(),
    compared: (wanted) => (wanted === undefined ? listing.list() : only(listing.list(), wanted)),
  };
}

async function* nothing(): AsyncGenerator<EntryInfo> {}

async function* only(
  entries: AsyncIterable<EntryInfo>,
  wanted: (entry: EntryInfo) => boolean,
): AsyncGenerator<EntryInfo> {
  for await (const entry of entries) if (wanted(entry)) yield entry;
}
