import { LifeboatError, type ObjectInfo } from "@lifeboat/contracts";
import type { Dice } from "./random.ts";
import type { World } from "./world.ts";

/** An object as the simulated storage holds it. */
export interface HeldObject {
  readonly bytes: Uint8Array;
  /** By the storage's clock, in milliseconds since 1970. */
  readonly modified: number;
  /** Whether it took effect after its caller had given it up. */
  readonly late: boolean;
}

/** The other side of a simulated storage: what takes effect here is there for all, at once. */
export interface Server {
  readonly objects: ReadonlyMap<string, HeldObject>;
  /** Whether there is no room. */
  full: boolean;
  /** How far its clock is off, at most, in milliseconds. */
  skew: number;
  /** Told of each change after it took effect; `null` for a deletion. */
  changed: (key: string, bytes: Uint8Array | null, by: string) => void;
  put(
    key: string,
    bytes: Uint8Array,
    how: { readonly by: string; readonly ifAbsent: boolean; readonly late: boolean },
  ): ObjectInfo;
  delete(key: string, by: string): void;
  find(key: string): ObjectInfo | null;
  read(key: string): Uint8Array;
  /** What there is beneath a prefix at this moment, after a key, in their order. */
  page(prefix: string, after: string): ObjectInfo[];
}

/** Makes an empty storage. */
export function createServer(world: World, random: Dice): Server {
  const objects = new Map<string, HeldObject>();

  function info(key: string, { bytes, modified }: HeldObject): ObjectInfo {
    return { key, size: bytes.length, modified: new Date(modified) };
  }

  return {
    objects,
    full: false,
    skew: 0,
    changed: () => undefined,
    put(key, bytes, { by, ifAbsent, late }) {
      if (this.full && bytes.length > 0) throw failure("NO_SPACE", "put", key, "the storage is full");
      if (ifAbsent && objects.has(key)) throw failure("ALREADY_EXISTS", "put", key, "it is there already");
      const held = {
        bytes,
        late,
        modified: world.now + (this.skew === 0 ? 0 : random.below(2 * this.skew) - this.skew),
      };
      objects.set(key, held);
      this.changed(key, bytes, by);
      return info(key, held);
    },
    delete(key, by) {
      if (objects.delete(key)) this.changed(key, null, by);
    },
    find(key) {
      const held = objects.get(key);
      return held === undefined ? null : info(key, held);
    },
    read(key) {
      const held = objects.get(key);
      if (held === undefined) throw failure("NOT_FOUND", "get", key, "there is nothing");
      return held.bytes;
    },
    page(prefix, after) {
      const found: ObjectInfo[] = [];
      for (const [key, held] of objects) if (key.startsWith(prefix) && key > after) found.push(info(key, held));
      return found.sort((a, b) => (a.key < b.key ? -1 : 1));
    },
  };
}

/** An error as a storage throws it. */
export function failure(
  code: "NO_SPACE" | "ALREADY_EXISTS" | "NOT_FOUND" | "UNREACHABLE",
  operation: string,
  key: string,
  what: string,
): LifeboatError {
  return new LifeboatError({
    code,
    operation: `storage.${operation}`,
    key,
    retryable: code === "UNREACHABLE",
    message: `The simulated storage says of ${key}: ${what}.`,
  });
}
