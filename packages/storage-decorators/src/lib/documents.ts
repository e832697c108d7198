import { LifeboatError, type ObjectInfo } from "@lifeboat/contracts";

interface Kept {
  readonly bytes: Uint8Array;
  readonly modified: Date;
}

/** The few small objects that a storage which keeps nothing remembers all the same. */
export class Documents {
  readonly #kept = new Map<string, Kept>();

  /** @throws ALREADY_EXISTS with `ifAbsent` where the key is taken */
  put(key: string, bytes: Uint8Array, ifAbsent: boolean): ObjectInfo {
    if (ifAbsent && this.#kept.has(key)) {
      throw new LifeboatError({
        code: "ALREADY_EXISTS",
        operation: "storage.put",
        key,
        message: `Expected nothing at ${JSON.stringify(key)}, found an object.`,
      });
    }
    const kept = { bytes, modified: new Date() };
    this.#kept.set(key, kept);
    return infoOf(key, kept);
  }

  /** The bytes, not to be handed out without copying them; or `undefined`. */
  get(key: string): Uint8Array | undefined {
    return this.#kept.get(key)?.bytes;
  }

  stat(key: string): ObjectInfo | null {
    const kept = this.#kept.get(key);
    return kept === undefined ? null : infoOf(key, kept);
  }

  list(prefix: string): readonly ObjectInfo[] {
    return [...this.#kept].filter(([key]) => key.startsWith(prefix)).map(([key, kept]) => infoOf(key, kept));
  }

  delete(keys: readonly string[]): void {
    for (const key of keys) this.#kept.delete(key);
  }

  clear(): void {
    this.#kept.clear();
  }
}

function infoOf(key: string, { bytes, modified }: Kept): ObjectInfo {
  return { key, size: bytes.length, modified };
}
