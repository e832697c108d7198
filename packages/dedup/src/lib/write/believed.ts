import { type AbortOptions, LifeboatError, type Manifest } from "@lifeboat/contracts";
import { backupKey, MANIFEST_NAME, openFences } from "@lifeboat/manifests";
import type { DedupSite } from "../dedup-site.ts";
import { lookAtLate } from "../session/look.ts";

/**
 * W8 of docs/spec/dedup.md, "Writing": whether others had given this run up before its manifest arrived, and if so,
 * whether the backup is believed all the same. A void one is taken back.
 *
 * @throws LOCKED unless it is believed
 */
export async function expectBelieved(site: DedupSite, manifest: Manifest, options: AbortOptions): Promise<void> {
  const { context } = site;
  const { id } = manifest;
  if (!(await openFences(context).has(id, options))) return;
  const verdict = await lookAtLate(site, manifest, options);
  if (verdict === "believed") return;
  if (verdict === "void") await context.storage.delete([backupKey(id, MANIFEST_NAME)], options);
  throw new LifeboatError({
    code: "LOCKED",
    operation: "backup",
    key: id,
    message: `The backup ${id} was given up by others before it was complete, and what it needs ${verdict === "void" ? "is gone" : "may go"}.`,
    hint: "This machine slept, or could not be heard of, for too long: back up again.",
  });
}
