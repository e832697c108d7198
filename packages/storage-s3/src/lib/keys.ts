import { assertKey, isLifeboatError, LifeboatError } from "@lifeboat/contracts";
import type { Settings } from "./options.ts";

/** S3's own limit, of which the prefix takes its part. */
const S3_KEY_BYTES = 1024;

/** Beneath this folder lie probes; what a host that may not delete leaves there is never shown. */
export const PROBES = ".lifeboat-probes/";

/** How long a key may be, in bytes of UTF-8. */
export function maxKeyBytes({ prefix }: Settings): number {
  return S3_KEY_BYTES - Buffer.byteLength(prefix);
}

/**
 * A key's name in the bucket.
 *
 * @throws INVALID
 */
export function nameOf(settings: Settings, key: string, operation: string): string {
  assertKey(key, operation, maxKeyBytes(settings));
  if (key.startsWith(PROBES)) throw kept(key, operation);
  return settings.prefix + key;
}

/** The key of a name in the bucket; `null` where it is none, such as the folder markers that consoles make. */
export function keyOf(settings: Settings, name: string): string | null {
  if (!name.startsWith(settings.prefix)) return null;
  const key = name.slice(settings.prefix.length);
  if (key.startsWith(PROBES)) return null;
  try {
    assertKey(key, "storage.list", maxKeyBytes(settings));
    return key;
  } catch (error) {
    if (isLifeboatError(error, "INVALID")) return null;
    throw error;
  }
}

function kept(key: string, operation: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation,
    key,
    message: `Expected a key outside ${PROBES}, where the storage keeps its own probes; found ${JSON.stringify(key)}.`,
    hint: "Choose another key.",
  });
}
