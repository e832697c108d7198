import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../ports.ts";
import { cephConfig } from "./config.ts";
import { assertInstalled, type Daemon, runProgram, startDaemon } from "./daemon.ts";

/** An S3 server that runs for a test. */
export interface S3Server {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  readonly port: number;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Stops it and removes what it stored. */
  stop(): Promise<void>;
}

/** A Ceph gateway that runs for a test. */
export interface CephGateway extends S3Server {
  /** Runs `radosgw-admin`, and answers what it printed: to set quotas, or make and remove access keys. Its user is `test`. */
  admin(...args: readonly string[]): Promise<string>;
}

/** Options of {@link startCephGateway}. */
export interface CephGatewayOptions {
  /** What it can hold, in bytes, all of it in memory. Default: 4 GiB. */
  readonly capacity?: number;
}

const PROGRAMS = ["ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin"];
const PATIENCE_MS = 60_000;

/**
 * Starts a real Ceph object gateway: one monitor, one store in memory, one
 * gateway, on free ports of the loopback interface, in a temporary folder of its
 * own. Takes about a second. All of it ends with {@link S3Server.stop}, or with
 * this process however that ends.
 *
 * @throws where the programs are not installed, with the command that installs them
 */
export async function startCephGateway({ capacity = 4 * 1024 ** 3 }: CephGatewayOptions = {}): Promise<CephGateway> {
  await assertInstalled(...PROGRAMS);
  const folder = await mkdtemp(join(tmpdir(), "ceph-"));
  const daemons: Daemon[] = [];
  const stop = async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [monitorPort, gatewayPort] = [await freePort(), await freePort()];
    const credentials = { accessKeyId: "test-access-key", secretAccessKey: `test-secret-${randomUUID()}` };
    await startCluster({ folder, clusterId: randomUUID(), monitorPort, gatewayPort, capacity }, credentials, daemons);
    const endpoint = `http://127.0.0.1:${gatewayPort}`;
    await answers(endpoint, daemons);
    const env = { ...process.env, CEPH_CONF: join(folder, "ceph.conf") };
    const admin = (...args: readonly string[]) => runProgram(env, "radosgw-admin", "-n", "client.rgw", ...args);
    return { endpoint, port: gatewayPort, credentials, admin, stop };
  } catch (error) {
    const logs = await lastWords(folder);
    await stop();
    throw new Error(`The Ceph gateway did not start.\n${logs}`, { cause: error });
  }
}

async function startCluster(
  place: Parameters<typeof cephConfig>[0],
  credentials: S3Server["credentials"],
  daemons: Daemon[],
): Promise<void> {
  const { folder, clusterId, monitorPort } = place;
  const env = { ...process.env, CEPH_CONF: join(folder, "ceph.conf") };
  await Promise.all(["mon", "osd", "rgw"].map((name) => mkdir(join(folder, name))));
  await writeFile(env.CEPH_CONF, cephConfig(place));
  const run = (name: string, ...args: readonly string[]) => runProgram(env, name, ...args);
  const daemon = (name: string, ...args: readonly string[]) => {
    daemons.push(startDaemon(join(folder, `${name}.out`), env, name, ...args));
  };

  const map = join(folder, "monmap");
  await run("monmaptool", "--create", "--fsid", clusterId, "--addv", "a", `[v2:127.0.0.1:${monitorPort}]`, map);
  await run("ceph-mon", "-i", "a", "--mkfs", "--monmap", map);
  daemon("ceph-mon", "-i", "a", "-f");
  const osd = randomUUID();
  await run("ceph", "--connect-timeout", "30", "osd", "new", osd, "0");
  await run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd);
  daemon("ceph-osd", "-i", "0", "-f");
  const { accessKeyId, secretAccessKey } = credentials;
  const keys = [`--access-key=${accessKeyId}`, `--secret-key=${secretAccessKey}`];
  await run("radosgw-admin", "-n", "client.rgw", "user", "create", "--uid=test", "--display-name=test", ...keys);
  daemon("radosgw", "-n", "client.rgw", "-f");
}

async function answers(endpoint: string, daemons: readonly Daemon[]): Promise<void> {
  for (const start = performance.now(); performance.now() - start < PATIENCE_MS; ) {
    const dead = daemons.find((daemon) => !daemon.alive());
    if (dead !== undefined) throw new Error(`${dead.name} ended.`);
    try {
      const response = await fetch(endpoint);
      await response.arrayBuffer();
      if (response.ok) return;
    } catch {
      // It does not listen yet.
    }
    await pause(20);
  }
  throw new Error(`Nothing answered at ${endpoint} within ${PATIENCE_MS / 1000} s.`);
}

async function lastWords(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".out") || name.endsWith(".log"));
  const logs = await Promise.all(
    names.map(
      async (name) => `${name}:\n${(await readFile(join(folder, name), "utf8")).split("\n").slice(-8).join("\n")}`,
    ),
  );
  return logs.join("\n");
}
