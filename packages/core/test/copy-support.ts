import { archive } from "@lifeboat/archive";
import type { Format, Source, Storage } from "@lifeboat/contracts";
import { rawKey } from "@lifeboat/crypto";
import { directory } from "@lifeboat/sources";
import { memoryStorage } from "@lifeboat/storage-memory";
import { createBackupEngine } from "../src/index.ts";
import { APP, KEY, later } from "./support.ts";

const OTHER_KEY = rawKey(new Uint8Array(32).fill(9));

export interface TwoSites {
  readonly here?: Storage;
  readonly there?: Storage;
  readonly sources?: readonly Source[];
  readonly formats?: { readonly here?: Format; readonly there?: Format };
}

/** An engine with two sites of different keys, "here" and "there"; their storages are left open. */
export function twoSites({
  here = memoryStorage(),
  there = memoryStorage(),
  sources = [],
  formats = {},
}: TwoSites = {}) {
  const kept = (storage: Storage): Storage => ({ ...storage, [Symbol.asyncDispose]: async () => {} });
  const engine = createBackupEngine({
    app: APP,
    sources,
    sites: {
      here: { storage: kept(here), format: formats.here ?? archive(), key: KEY },
      there: { storage: kept(there), format: formats.there ?? archive(), key: OTHER_KEY },
    },
    threads: 0,
    unregistered: (id, path) => directory(id, { path, threads: false }),
  });
  later(() => engine.close());
  return { engine, here, there };
}

/** Another storage with the same objects in it. */
export async function cloneOf(storage: Storage): Promise<Storage> {
  const clone = memoryStorage();
  for await (const { key } of storage.list("")) await clone.put(key, storage.get(key));
  return clone;
}
