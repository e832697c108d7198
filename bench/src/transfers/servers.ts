import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startCephGateway, startFaultProxy, startSshd } from "@lifeboat/test-servers";

/** What speaks what. */
export type Kind = "s3" | "sftp";

/** Where objects go, in the words of each tool. */
export interface Place extends AsyncDisposable {
  readonly kind: Kind;
  /** For people. */
  readonly server: string;
  /** For Lifeboat's storage. */
  readonly options: object;
  readonly rclone: Readonly<Record<string, string>>;
  readonly ssh: Readonly<Record<string, string>>;
  /** The bucket or the folder. */
  readonly folder: string;
}

const GIB = 1024 ** 3;

/** Starts a real server, reached through a line of so many milliseconds each way. */
export async function startPlace(kind: Kind, latencyMs: number, dir: string, bytes: number): Promise<Place> {
  return kind === "s3" ? s3Place(latencyMs, bytes) : sftpPlace(latencyMs, dir);
}

/** A proxy that delays, or the server itself where nothing is to be delayed. */
async function line(port: number, latencyMs: number) {
  if (latencyMs === 0) return { port, close: async () => undefined };
  return startFaultProxy({ target: port, faults: { latencyMs } });
}

async function s3Place(latencyMs: number, bytes: number): Promise<Place> {
  const server = await startCephGateway({ capacity: 2 * GIB + 6 * bytes });
  const proxy = await line(server.port, latencyMs);
  const endpoint = `http://127.0.0.1:${proxy.port}`;
  const { accessKeyId, secretAccessKey } = server.credentials;
  return {
    kind: "s3",
    server: "Ceph object gateway",
    folder: "bench",
    options: { provider: "ceph", endpoint, bucket: "bench", credentials: server.credentials },
    rclone: {
      RCLONE_CONFIG_REMOTE_TYPE: "s3",
      RCLONE_CONFIG_REMOTE_PROVIDER: "Ceph",
      RCLONE_CONFIG_REMOTE_ENDPOINT: endpoint,
      RCLONE_CONFIG_REMOTE_ACCESS_KEY_ID: accessKeyId,
      RCLONE_CONFIG_REMOTE_SECRET_ACCESS_KEY: secretAccessKey,
    },
    ssh: {},
    async [Symbol.asyncDispose]() {
      await proxy.close();
      await server.stop();
    },
  };
}

async function sftpPlace(latencyMs: number, dir: string): Promise<Place> {
  const server = await startSshd();
  const proxy = await line(server.port, latencyMs);
  const { host, username, privateKey, fingerprint, directory } = server;
  const keyFile = join(dir, "key");
  await writeFile(keyFile, privateKey, { mode: 0o600 });
  return {
    kind: "sftp",
    server: "OpenSSH",
    folder: directory,
    options: { host, port: proxy.port, username, privateKey, hostKey: fingerprint, path: directory },
    rclone: {
      RCLONE_CONFIG_REMOTE_TYPE: "sftp",
      RCLONE_CONFIG_REMOTE_HOST: host,
      RCLONE_CONFIG_REMOTE_PORT: String(proxy.port),
      RCLONE_CONFIG_REMOTE_USER: username,
      RCLONE_CONFIG_REMOTE_KEY_FILE: keyFile,
    },
    ssh: { HOST: host, PORT: String(proxy.port), USERNAME: username, KEY_FILE: keyFile },
    async [Symbol.asyncDispose]() {
      await proxy.close();
      await server.stop();
    },
  };
}
