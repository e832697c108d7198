import { randomBytes } from "node:crypto";
import { sftpStorage } from "@lifeboat/storage-sftp";
import type { SftpServer } from "@lifeboat/test-servers";
import { storageSuite } from "@lifeboat/testkit";
import { afterAll, beforeAll } from "vitest";

/** Runs the storage suite on a server of its own. */
export function suiteOn(name: string, start: () => Promise<SftpServer>): void {
  let server: SftpServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server?.stop();
  });
  const open = (path: string) => {
    const { host, port, username, privateKey, fingerprint } = server;
    return sftpStorage({ host, port, username, privateKey, hostKey: fingerprint, path });
  };
  storageSuite(name, {
    manyKeys: 300,
    sequences: 15,
    async create() {
      const path = `${server.directory}/${randomBytes(6).toString("hex")}`;
      const storage = open(path);
      await storage.connect?.();
      return { storage, reopen: async () => open(path) };
    },
  });
}
