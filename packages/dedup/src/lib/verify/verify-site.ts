import {
  type CheckLevel,
  LifeboatError,
  type SiteChecked,
  type SiteCheckOptions,
  type VerifyShare,
} from "@lifeboat/contracts";
import { assertShare, type Manifests } from "@lifeboat/manifests";
import type { DedupSite } from "../dedup-site.ts";
import { openReading } from "../read/reading.ts";
import { markLost } from "../session/mark-lost.ts";
import { packsMarkedDamaged, packsToAvoid, readMarks } from "../session/marks.ts";
import { problemOf } from "./problems.ts";
import { Records } from "./records.ts";
import { listBackups, SiteBackups } from "./site-backups.ts";
import { SitePacks } from "./site-packs.ts";
import { lostChunks } from "./suspects.ts";
import { checkIndex } from "./verify-index.ts";

/**
 * Verifies a site, or a share of it (docs/spec/dedup.md, "Verify"): each pack is read once, each block of lists is
 * looked at once, whatever the number of backups. Of a share the lists are gone through only where a pack turned out
 * to be damaged or gone. What is lost gets a mark, so that the next backup stores it again.
 */
export async function verifySite(
  site: DedupSite,
  manifests: Manifests,
  level: CheckLevel,
  options: SiteCheckOptions,
): Promise<SiteChecked> {
  const { share, onProblem, onProgress } = options;
  if (share !== undefined) assertReadable(share, level);
  const { context, tools, key } = site;
  const { storage, threads } = context;
  const failure = new AbortController();
  const signal = options.signal === undefined ? failure.signal : AbortSignal.any([options.signal, failure.signal]);
  // The backups before the index, so that it tells of all that they need; the marks before the packs are listed.
  const backups = await listBackups(manifests, { signal });
  const marks = await readMarks(context, { signal });
  const marked = packsToAvoid(marks);
  const onDamaged = (object: string, error: LifeboatError) => onProblem({ ...problemOf(error), object });
  const records = new Records(site);
  await records.load(onDamaged, { signal });
  const index = await checkIndex(storage, tools, onDamaged, { signal, marked });
  await using reading = await openReading({ storage, key, threads, locator: index.locator }, { signal });

  const packs = new SitePacks({
    site,
    index,
    reading,
    records,
    marked,
    markedDamaged: packsMarkedDamaged(marks),
    level,
    options,
  });
  const lists = new SiteBackups({ site, manifests, index, reading, backups, level, onProblem, signal });
  const onStep = () => onProgress?.({ entries: lists.done.entries, bytes: packs.bytes, totalBytes: packs.totalBytes });
  const work = [packs.read(onStep, signal), share === undefined ? lists.check(onStep) : Promise.resolve()];
  for (const each of work) each.catch((error: unknown) => failure.abort(error)); // the other ends too
  await Promise.allSettled(work);
  options.signal?.throwIfAborted();
  if (failure.signal.aborted) throw failure.signal.reason;

  const damaged = await packs.tell(signal);
  if (share !== undefined && (damaged.size > 0 || index.lost.packs.size > 0)) await lists.check(onStep);
  const lost = await lostChunks(damaged, index.good, reading.data, { signal });
  if (lost.size > 0) await lists.tell(lost);
  await packs.remember(signal);
  const unnoted = await markLost(
    context,
    { packs: [...packs.lost, ...index.lacking.packs], unknown: index.lacking.unknown, count: index.count },
    { signal },
  );
  const { backups: checked, entries, contentBytes } = lists.done;
  return { backups: checked, entries, contentBytes, ...packs.done, remembered: records.remembered && unnoted === null };
}

/**
 * @throws INVALID where there is nothing to have a share of
 */
function assertReadable(share: VerifyShare, level: CheckLevel): void {
  assertShare(share);
  if (level !== "presence") return;
  throw new LifeboatError({
    code: "INVALID",
    operation: "verify",
    key: "share",
    message: 'Expected the level "checksum" or "content" with a share, found "presence", which reads none of it.',
    hint: "Leave `share` out: to look whether everything is there costs little.",
  });
}
