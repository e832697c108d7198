import { createSiteKey } from "@lifeboat/crypto";
import { memoryStorage } from "@lifeboat/storage-memory";
import { formatSuite } from "@lifeboat/testkit";
import { dedup } from "../src/index.ts";

const secret = { key: createSiteKey(), suite: 1, keyBlock: new Uint8Array(0) } as const;
const shared = ["packs/", "index/"];

formatSuite("dedup", { format: dedup(), createStorage: memoryStorage, secret, shared });
