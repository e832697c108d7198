import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { freePort, makeKey, programPath, startProgram, temporaryHome } from "./process.ts";
import type { SftpServer } from "./server.ts";

/** Options of {@link startSshd}. */
export interface SshdOptions {
  /** Default: one that is free. */
  readonly port?: number;
  /** The directory for objects. Default: one of its own, removed with it. */
  readonly directory?: string;
  /** Options of `internal-sftp`, such as `-R` (read only) or `-P` and `-p` (which requests it takes). */
  readonly sftpArguments?: readonly string[];
  /** Further lines of its configuration, before all others. */
  readonly configuration?: readonly string[];
  /** The kinds of host keys it has. Default: `ed25519` alone. */
  readonly hostKeyTypes?: readonly string[];
}

/**
 * Starts OpenSSH's `sshd` on the loopback, as this user and for this user, with
 * keys and a configuration of its own: nothing of the system's is read or changed.
 *
 * @throws where it is not installed, with the command that installs it
 */
export async function startSshd(options: SshdOptions = {}): Promise<SftpServer> {
  const program = programPath("sshd", "openssh-server");
  const home = await temporaryHome("sshd");
  const port = options.port ?? (await freePort());
  const directory = options.directory ?? join(home, "data");
  if (options.directory === undefined) await mkdir(directory);
  const types = options.hostKeyTypes ?? ["ed25519"];
  for (const type of types) makeKey(join(home, `host_${type}`), type);
  makeKey(join(home, "user"), "ed25519");
  await chmod(home, 0o755);
  const username = userInfo().username;
  await writeFile(join(home, "sshd_config"), configuration(home, port, types, username, options));
  if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true }); // where it separates its privileges
  const running = await startProgram(program, ["-D", "-e", "-f", join(home, "sshd_config")], port);
  const hostKey = await readFile(join(home, `host_${types[0]}.pub`), "utf8");
  return {
    host: "127.0.0.1",
    port,
    username,
    privateKey: await readFile(join(home, "user"), "utf8"),
    fingerprint: fingerprintOf(hostKey),
    hostKey: hostKey.split(" ").slice(0, 2).join(" "),
    directory,
    folder: directory,
    log: () => running.log(),
    async stop() {
      await running.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** The SHA-256 fingerprint of a public key line, as OpenSSH prints it. */
export function fingerprintOf(line: string): string {
  const bytes = Buffer.from(line.split(" ")[1] ?? "", "base64");
  return `SHA256:${createHash("sha256").update(bytes).digest("base64").replace(/=+$/, "")}`;
}

function configuration(
  home: string,
  port: number,
  types: readonly string[],
  username: string,
  { sftpArguments = [], configuration: lines = [] }: SshdOptions,
): string {
  const sftp = ["internal-sftp", ...sftpArguments].join(" ");
  return [
    ...lines,
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    ...types.map((type) => `HostKey ${join(home, `host_${type}`)}`),
    `PidFile ${join(home, "sshd.pid")}`,
    `AuthorizedKeysFile ${join(home, "user.pub")}`,
    "StrictModes no",
    "UsePAM no",
    "PubkeyAuthentication yes",
    "PasswordAuthentication yes",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin yes",
    `AllowUsers ${username}`,
    `Subsystem sftp ${sftp}`,
    `ForceCommand ${sftp}`,
    "AllowTcpForwarding no",
    "X11Forwarding no",
    "PermitTTY no",
    "UseDNS no",
    ...(lines.some((line) => line.startsWith("MaxStartups")) ? [] : ["MaxStartups 100"]), // here the last one would win
    "MaxSessions 100",
    "",
  ].join("\n");
}
