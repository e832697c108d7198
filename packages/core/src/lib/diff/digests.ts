import { createHash } from "node:crypto";
import type { AbortOptions, EntryInfo, ReadOptions, RestoredEntry } from "@lifeboat/contracts";
import type { OpenSite } from "../sites.ts";

/** A part of a backup on a site. */
export interface SitePart {
  readonly site: OpenSite;
  readonly id: string;
  readonly source: string;
}

/** What a listing has to tell files' content by: to be compared with any other, within its own site, or not at all. */
export type ListedIdentity = "sha256" | "content" | "nothing";

/** Looks what the list of a part tells of its files' content, by the first that has any; `null` where none has. */
export async function listedIdentity(
  { site, id, source }: SitePart,
  options: AbortOptions,
): Promise<ListedIdentity | null> {
  for await (const entry of site.repository.entries(id, source, options)) {
    if (entry.type !== "file" || entry.size === 0) continue;
    if (entry.sha256 !== undefined) return "sha256";
    return entry.content === undefined ? "nothing" : "content";
  }
  return null;
}

/** A part's entries, with the SHA-256 of all files: where the list has none, their content is read. */
export async function* readDigests(
  { site, id, source }: SitePart,
  options: Pick<ReadOptions, "signal" | "select">,
): AsyncGenerator<EntryInfo> {
  for await (const entry of site.repository.read(id, source, options)) {
    const info = infoOf(entry);
    yield info.type === "file" && info.sha256 === undefined
      ? { ...info, sha256: await digestOf(entry, options) }
      : info;
  }
}

async function digestOf(entry: RestoredEntry, { signal }: AbortOptions): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of entry.open({ signal, reuse: true })) hash.update(piece);
  return hash.digest("hex");
}

/* oxlint-disable typescript/unbound-method -- what leads to the content is left behind, and not called */
/** What an entry is, without its way to the content. */
export function infoOf({
  open: _open,
  copyTo: _copyTo,
  writeTo: _writeTo,
  unchanged: _unchanged,
  ...info
}: RestoredEntry): EntryInfo {
  return info;
}
