import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { freePort, makeKey, programPath, startProgram, temporaryHome } from "./process.ts";
import type { SftpServer } from "./server.ts";
import { fingerprintOf } from "./sshd.ts";

/** Options of {@link startRcloneSftp}. */
export interface RcloneSftpOptions {
  /**
   * How it keeps files that are being written: `off` writes them through as they
   * come and takes no second opening, `writes` keeps them whole first. Default: `off`, as rclone's own.
   */
  readonly cache?: "off" | "writes";
  /** The folder on this machine that is shown as its root. Default: one of its own, removed with it. */
  readonly served?: string;
}

/**
 * Starts `rclone serve sftp` on the loopback: a server whose exclusive create
 * overwrites and whose hard links are not made though it says so.
 *
 * @throws where it is not installed, with the command that installs it
 */
export async function startRcloneSftp({
  cache = "off",
  ...options
}: RcloneSftpOptions = {}): Promise<SftpServer & { readonly password: string }> {
  const program = programPath("rclone", "rclone");
  const home = await temporaryHome("rclone");
  const served = options.served ?? join(home, "served");
  await mkdir(join(served, "data"), { recursive: true });
  makeKey(join(home, "host"), "ed25519");
  makeKey(join(home, "user"), "ed25519");
  const port = await freePort();
  const [username, password] = ["tester", "a password for tests"];
  const running = await startProgram(
    program,
    [
      `serve sftp --addr 127.0.0.1:${port} --config /dev/null --user ${username} --vfs-cache-mode ${cache}`.split(" "),
      ["--dir-cache-time", "0s", "--vfs-write-back", "0s", "--cache-dir", join(home, "cache"), "--pass", password],
      ["--authorized-keys", join(home, "user.pub"), "--key", join(home, "host"), served],
    ].flat(),
    port,
  );
  const hostKey = await readFile(join(home, "host.pub"), "utf8");
  return {
    host: "127.0.0.1",
    port,
    username,
    password,
    privateKey: await readFile(join(home, "user"), "utf8"),
    fingerprint: fingerprintOf(hostKey),
    hostKey: hostKey.split(" ").slice(0, 2).join(" "),
    directory: "/data",
    folder: join(served, "data"),
    log: () => running.log(),
    async stop() {
      await running.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
