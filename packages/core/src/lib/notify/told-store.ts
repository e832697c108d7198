import { createHash, createHmac } from "node:crypto";
import { type AbortOptions, isLifeboatError, type SiteContext } from "@lifeboat/contracts";
import { deriveSubkey } from "@lifeboat/crypto";
import { fieldReader, readSiteDocument, type SiteDocument, writeSiteDocument } from "@lifeboat/manifests";
import { isDamage } from "../errors.ts";
import type { OpenSite } from "../sites.ts";
import type { Told } from "./debounce.ts";
import { toldFields, toldOf } from "./told-fields.ts";

/** Reads what somebody was told of a site; nothing where there is nothing, or nothing that can be read. */
export async function loadTold(
  { context, name }: OpenSite,
  instance: string,
  options: AbortOptions,
): Promise<readonly Told[]> {
  const place = noticesOf(context, instance);
  try {
    const { details } = await readSiteDocument(context, place, options);
    return toldOf(name, details, fieldReader("notices.read", place.key));
  } catch (error) {
    if (isDamage(error) || isLifeboatError(error, "NOT_FOUND")) return []; // at worst it is told once more
    throw error;
  }
}

/** Replaces it. */
export async function saveTold(
  { context }: OpenSite,
  instance: string,
  told: readonly Told[],
  options: AbortOptions,
): Promise<void> {
  await writeSiteDocument(context, noticesOf(context, instance), {}, { instance, told: toldFields(told) }, options);
}

/** Each instance has one, under a name that tells nothing of it (docs/spec/manifest.md, "Notices"). */
function noticesOf({ secret, siteId }: SiteContext, instance: string): SiteDocument {
  const hash =
    secret === null
      ? createHash("sha256").update(`lifeboat notices\n${siteId}\n${instance}`)
      : createHmac("sha256", deriveSubkey(secret.key, "notices")).update(instance);
  const id = hash.digest("hex").slice(0, 32);
  return { type: "notices", id, key: `notices/${id}.json`, version: 1 };
}
