import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localStorage } from "@lifeboat/storage-local";
import { storageSuite } from "@lifeboat/testkit";

function suite(name: string, sync: "always" | "never"): void {
  storageSuite(name, {
    ...(sync === "always" ? { scale: 0.4, manyKeys: 200 } : {}), // each put waits for the disk
    putMemory: 16 * 1024 * 1024,
    async create() {
      const path = await mkdtemp(join(tmpdir(), "lifeboat-local-"));
      return {
        storage: localStorage({ path, sync }),
        reopen: async () => localStorage({ path, sync }),
        openHandles: async () => (await readdir("/proc/self/fd")).length,
        cleanup: () => rm(path, { recursive: true }),
      };
    },
  });
}

suite("localStorage", "always");
suite("localStorage without flushing", "never");
