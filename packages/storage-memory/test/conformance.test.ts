import { memoryStorage } from "@lifeboat/storage-memory";
import { storageSuite } from "@lifeboat/testkit";

storageSuite("memoryStorage", { create: async () => memoryStorage() });
