import { type AbortOptions, LifeboatError, type ListedBackup, type PartInfo } from "@lifeboat/contracts";
import type { RunContext } from "./run-context.ts";
import type { OpenSite } from "./sites.ts";
import type { ChosenSource } from "./sources.ts";

/**
 * Makes sure that a source without a single entry had none in the last backup either.
 * A directory whose disk is not mounted looks like that, and a backup of it would pass
 * for a good one until all good ones are pruned.
 *
 * @throws SOURCE_FAILED
 */
export async function expectNotEmptied(
  { catalog }: RunContext,
  site: OpenSite,
  { source, selection }: ChosenSource,
  part: PartInfo,
  known: readonly ListedBackup[] | undefined,
  options: AbortOptions,
): Promise<void> {
  if (source.mayBeEmpty === true || entriesOf(part) > 0 || isLimited(selection)) return;
  const backups = known ?? (await listed(site, options));
  const last = await catalog.newestPart(
    site,
    backups,
    ({ source: id, ...each }) => id === source.id && !isLimited(each),
    options,
  );
  if (last === null || entriesOf(last.part) === 0) return;
  throw new LifeboatError({
    code: "SOURCE_FAILED",
    operation: "backup",
    key: source.id,
    message: `The source "${source.id}" is empty, but had ${entriesOf(last.part)} entries in the backup ${last.id}.`,
    hint: "Check that its disk is mounted and its path is right. If all of it was deleted on purpose, back it up once with allowEmpty: true.",
  });
}

async function listed({ repository }: OpenSite, options: AbortOptions): Promise<ListedBackup[]> {
  const backups: ListedBackup[] = [];
  for await (const backup of repository.list(options)) backups.push(backup);
  return backups;
}

function entriesOf({ counts }: PartInfo): number {
  return counts.files + counts.directories + counts.links;
}

function isLimited({ folders, sections }: Pick<PartInfo, "folders" | "sections"> | ChosenSource["selection"]): boolean {
  return folders !== undefined || sections !== undefined;
}
