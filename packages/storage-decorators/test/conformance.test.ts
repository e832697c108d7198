import type { Storage, StorageCapabilities } from "@lifeboat/contracts";
import {
  appendOnly,
  noopStorage,
  readOnly,
  withBandwidthLimit,
  withConcurrency,
  withPrefix,
  withRetry,
  withTimeLimits,
} from "@lifeboat/storage-decorators";
import { memoryStorage } from "@lifeboat/storage-memory";
import { storageSuite } from "@lifeboat/testkit";

const FAST = 100_000_000_000;

const DECORATED: Readonly<Record<string, (inner: Storage) => Storage>> = {
  withRetry: (inner) => withRetry(inner),
  withTimeLimits: (inner) => withTimeLimits(inner),
  withConcurrency: (inner) => withConcurrency(inner, { uploads: 2, downloads: 2, copies: 1, requests: 1 }),
  withPrefix: (inner) => withPrefix(inner, "apps/nvr"),
  withBandwidthLimit: (inner) => withBandwidthLimit(inner, { upload: FAST, download: FAST }),
  "appendOnly where everything may change": (inner) => appendOnly(inner, { mutable: ["**"] }),
  "all of them": (inner) => {
    const patient = withRetry(withBandwidthLimit(withTimeLimits(inner), { upload: FAST, download: FAST }));
    return appendOnly(withPrefix(withConcurrency(patient, { uploads: 4, downloads: 4 }), "a/b/"), { mutable: ["**"] });
  },
};

for (const [name, decorate] of Object.entries(DECORATED)) {
  storageSuite(name, {
    scale: 0.1,
    manyKeys: 300,
    async create() {
      const inner = memoryStorage();
      return { storage: fullAccess(decorate(inner)), cleanup: async () => await inner[Symbol.asyncDispose]() };
    },
  });
}

for (const [name, decorate] of Object.entries({ readOnly, appendOnly })) {
  storageSuite(`${name}, filled from elsewhere`, {
    scale: 0.1,
    manyKeys: 300,
    async create() {
      const inner = memoryStorage();
      return { storage: decorate(inner), writer: inner };
    },
  });
}

storageSuite("noopStorage that keeps everything", {
  scale: 0.1,
  manyKeys: 300,
  create: async () => noopStorage({ keep: ["**"] }),
});

/** Where every key may change, append-only forbids nothing. */
function fullAccess(storage: Storage): Storage {
  const capabilities: { -readonly [name in keyof StorageCapabilities]: StorageCapabilities[name] } = {
    ...storage.capabilities,
  };
  delete capabilities.access;
  return { ...storage, capabilities };
}
