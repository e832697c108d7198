import { isLifeboatError, LifeboatError, type ObjectInfo, type Storage } from "@lifeboat/contracts";

/** What a storage held beneath some prefixes at an earlier time: reads are answered from it. */
export interface Memory {
  list(prefix: string): readonly ObjectInfo[];
  stat(key: string): ObjectInfo | null;
  /** @throws NOT_FOUND */
  get(key: string): Uint8Array;
  /** Own writes since then show. */
  put(info: ObjectInfo, bytes: Uint8Array): void;
  delete(key: string): void;
}

/** Packs never change: of those only is remembered that they were there. */
const LISTED_ONLY = "packs/";

/** Whether a key's content is remembered, or only whether it was there. */
export function hasContent(key: string): boolean {
  return !key.startsWith(LISTED_ONLY);
}

/** Remembers what is there now. */
export async function remember(storage: Storage, prefixes: readonly string[]): Promise<Memory> {
  const held = new Map<string, { info: ObjectInfo; bytes: Uint8Array }>();
  for (const prefix of prefixes) {
    for await (const info of storage.list(prefix)) held.set(info.key, { info, bytes: new Uint8Array() });
  }
  for (const [key, { info }] of held) {
    if (!hasContent(key)) continue;
    try {
      const pieces: Uint8Array[] = [];
      for await (const piece of storage.get(key)) pieces.push(piece);
      held.set(key, { info, bytes: Buffer.concat(pieces) });
    } catch (error) {
      if (!isLifeboatError(error, "NOT_FOUND")) throw error;
      held.delete(key);
    }
  }
  return {
    list: (prefix) => Array.from(held.values(), ({ info }) => info).filter(({ key }) => key.startsWith(prefix)),
    stat: (key) => held.get(key)?.info ?? null,
    get(key) {
      const found = held.get(key);
      if (found !== undefined) return found.bytes;
      const message = `There was nothing at ${key} when it was looked.`;
      throw new LifeboatError({ code: "NOT_FOUND", operation: "storage.get", key, message });
    },
    put: (info, bytes) => void held.set(info.key, { info, bytes }),
    delete: (key) => void held.delete(key),
  };
}
