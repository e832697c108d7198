import { type AbortOptions, type EntryInfo, LifeboatError } from "@lifeboat/contracts";
import { compareEntries } from "../diff/compare-entries.ts";
import { type ListedIdentity, listedIdentity, readDigests, type SitePart } from "../diff/digests.ts";

/** How a copy is compared with its original. */
export interface CheckCopyOptions extends AbortOptions {
  readonly content: "listed" | "read";
  readonly onEntry: (entry: EntryInfo) => void;
}

/**
 * Compares a copied part with its original, entry by entry: both list them in the same order.
 *
 * @throws CORRUPT, naming the first entry that is not the same
 */
export async function checkCopy(original: SitePart, copy: SitePart, options: CheckCopyOptions): Promise<void> {
  const { content, onEntry, signal } = options;
  const known = content === "listed" ? null : await identities(original, copy, { signal });
  const expected = entriesOf(original, isToBeRead(known?.original), { signal })[Symbol.asyncIterator]();
  try {
    for await (const found of entriesOf(copy, isToBeRead(known?.copy), { signal })) {
      const wanted = await expected.next();
      if (wanted.done === true || wanted.value.path !== found.path)
        throw differs(copy, found.path, "has another place");
      const { differences } = compareEntries(wanted.value, found, { metadata: true });
      if (differences.length > 0) throw differs(copy, found.path, `differs in ${differences.join(", ")}`);
      onEntry(found);
    }
    const rest = await expected.next();
    if (rest.done !== true) throw differs(copy, rest.value.path, "is missing");
  } finally {
    await expected.return(undefined);
  }
}

/** Two sites have only a SHA-256 in common. */
function isToBeRead(identity: ListedIdentity | null | undefined): boolean {
  return identity === "content" || identity === "nothing";
}

async function identities(original: SitePart, copy: SitePart, options: AbortOptions) {
  return { original: await listedIdentity(original, options), copy: await listedIdentity(copy, options) };
}

function entriesOf(part: SitePart, read: boolean, options: AbortOptions): AsyncGenerator<EntryInfo> {
  return read ? readDigests(part, options) : list(part, options);
}

async function* list({ site, id, source }: SitePart, options: AbortOptions): AsyncGenerator<EntryInfo> {
  yield* site.repository.entries(id, source, options);
}

function differs({ site, id, source }: SitePart, path: string, what: string): LifeboatError {
  return new LifeboatError({
    code: "CORRUPT",
    operation: "copy",
    key: id,
    message: `The copy on site "${site.name}" is not what was copied: ${JSON.stringify(path)} of "${source}" ${what}.`,
    hint: "The copy has been removed again. Verify both sites; memory or a disk that alters data is a likely cause.",
  });
}
