import { type Clock, type SiteContext, systemClock } from "@lifeboat/contracts";
import { openCodec, setupCodec } from "@lifeboat/frames";
import type { IndexTools } from "./index/index-object.ts";
import { type SealingKey, sealingKey } from "./site-key.ts";

/** A site of this format, with what opens and makes its objects. */
export interface DedupSite {
  readonly context: SiteContext;
  readonly key: SealingKey;
  readonly tools: IndexTools;
  readonly clock: Clock;
}

/** zstd's level for what is written once and read often. */
const LEVEL = 3;

/** Makes a site's tools: compiles the codec, reads nothing. */
export async function openDedupSite(context: SiteContext): Promise<DedupSite> {
  const key = sealingKey(context);
  const zstd = await openCodec(await setupCodec("zstd", LEVEL));
  return { context, key, tools: { key, zstd }, clock: context.clock ?? systemClock };
}
