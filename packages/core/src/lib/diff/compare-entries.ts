import type { EntryInfo } from "@lifeboat/contracts";
import type { ContentEvidence, EntryDifference } from "./diff-types.ts";

/** What comparing two entries of one path found. */
export interface ComparedEntries {
  readonly differences: readonly EntryDifference[];
  /** For two files. */
  readonly evidence?: ContentEvidence;
}

/** What counts. */
export interface CompareRules {
  /** Whether permissions, owners, times and sections count. */
  readonly metadata: boolean;
}

/** Compares two entries of one path. */
export function compareEntries(before: EntryInfo, after: EntryInfo, { metadata }: CompareRules): ComparedEntries {
  if (before.type !== after.type) return { differences: ["type"] };
  const differences: EntryDifference[] = [];
  const evidence = before.type === "file" ? evidenceFor(before, after) : undefined;
  if (evidence !== undefined && !isSameContent(before, after)) differences.push("content");
  if (before.target !== after.target) differences.push("target");
  if (metadata) {
    if (before.mode !== after.mode) differences.push("mode");
    if (!hasSameOwner(before, after)) differences.push("owner");
    if (before.mtimeMs !== after.mtimeMs) differences.push("time");
    if (before.section !== after.section) differences.push("section");
  }
  return evidence === undefined ? { differences } : { differences, evidence };
}

function evidenceFor(before: EntryInfo, after: EntryInfo): ContentEvidence {
  const known = before.size !== after.size || before.size === 0 || sameDigest(before, after) !== null;
  return known ? "content" : "size-and-time";
}

function isSameContent(before: EntryInfo, after: EntryInfo): boolean {
  if (before.size !== after.size) return false;
  if (before.size === 0) return true;
  return sameDigest(before, after) ?? before.mtimeMs === after.mtimeMs;
}

/** Whether what stands for their content is the same; `null` where there is nothing that both have. */
function sameDigest(before: EntryInfo, after: EntryInfo): boolean | null {
  if (before.sha256 !== undefined && after.sha256 !== undefined) return before.sha256 === after.sha256;
  return before.content === undefined || after.content === undefined ? null : before.content.equals(after.content);
}

function hasSameOwner(before: EntryInfo, after: EntryInfo): boolean {
  return (
    before.uid === after.uid && before.gid === after.gid && before.user === after.user && before.group === after.group
  );
}
