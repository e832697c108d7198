export { type MemoryStorageOptions, memoryStorage } from "./lib/memory.ts";
