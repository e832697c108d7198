import type { AbortOptions, ObjectInfo, Storage } from "@lifeboat/contracts";
import type { Attempts } from "./attempts.ts";

/** So many keys that were shown are remembered, about 20 MB; a longer listing is not begun again. */
const REMEMBERED = 100_000;

/** Lists; a listing that breaks is begun again, without what was shown already. */
export function retryList(
  inner: Storage,
  prefix: string,
  options: AbortOptions,
  attempts: Attempts,
): AsyncGenerator<ObjectInfo> {
  const shown = new Set<string>();

  async function* attempt(): AsyncGenerator<ObjectInfo> {
    for await (const info of inner.list(prefix, options)) {
      if (shown.has(info.key)) continue;
      if (shown.size < REMEMBERED) shown.add(info.key);
      else attempts.stop();
      attempts.progress();
      yield info;
    }
  }

  return attempts.items(attempt);
}
