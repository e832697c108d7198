import { posix } from "node:path";
import { LifeboatError } from "@lifeboat/contracts";
import type { HostKeyCheck } from "./host-key.ts";

/** Options of {@link sftpStorage}. */
export interface SftpStorageOptions {
  /** The server's name or address. */
  readonly host: string;
  /** Default: 22. */
  readonly port?: number;
  readonly username: string;
  /** For servers that let in by password; answers keyboard-interactive prompts too. */
  readonly password?: string | undefined;
  /** A private key: the content of the file (OpenSSH's format, PEM or PuTTY's), not its path. */
  readonly privateKey?: string | Uint8Array | undefined;
  /** Opens the private key where it is encrypted. */
  readonly passphrase?: string | undefined;
  /** The socket of an SSH agent, such as `process.env.SSH_AUTH_SOCK`; it lets in with whichever of its keys fits. */
  readonly agent?: string | undefined;
  /**
   * How the server proves to be the one it should be:
   * - its fingerprint, as `ssh-keygen -lf` prints it (`SHA256:…`), or several of them
   * - its public key line, as in `known_hosts` or a `.pub` file (`ssh-ed25519 AAAA…`)
   * - a function that is shown the key and says whether it is right
   *
   * Without it every call rejects with `INVALID` and a message that has the fingerprint
   * that was seen: a key is never accepted silently.
   */
  readonly hostKey?: string | readonly string[] | HostKeyCheck | undefined;
  /**
   * The directory on the server: absolute, or relative to where the login begins. It
   * is made with the first put where it does not exist.
   */
  readonly path: string;
  /** For messages. Default: `sftp://user@host:port/path`. */
  readonly name?: string | undefined;
  /**
   * The most connections at a time. Large objects are spread over several of them
   * where that is faster: far away, each alone is held up by its window of 2 MiB. Default: 4.
   */
  readonly connections?: number | undefined;
  /** Milliseconds for a connection to come about, log in included. Default: 15,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds without a byte from the server while it owes an answer. There is no limit on the whole. Default: 30,000. */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * Milliseconds that the server may be gone before a call gives up: until then it
   * is connected to anew, with growing jittered pauses, and goes on where it was.
   * Counts from the last progress. Default: 30,000; 0 gives up at once.
   */
  readonly outageMs?: number | undefined;
  /**
   * - `always`: a put resolves when the server has flushed its bytes to the disk
   *   (`fsync@openssh.com`, where the server has it)
   * - `never`: leaves that to the server
   *
   * Default: `always`.
   */
  readonly sync?: "always" | "never" | undefined;
}

/** Options with nothing left open. */
export interface Settings extends Omit<SftpStorageOptions, "path" | "sync"> {
  readonly port: number;
  readonly root: string;
  readonly name: string;
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly outageMs: number;
  readonly durable: boolean;
}

/** @throws INVALID */
export function settingsOf(options: SftpStorageOptions): Settings {
  const { host, username, path, port = 22, sync = "always", ...rest } = options;
  if (host === "") throw invalid("Expected the name or address of a host, found an empty one.");
  if (username === "") throw invalid("Expected a username, found an empty one.");
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw invalid(`Expected a port, found ${port}.`);
  if (path === "" || path.includes("\0")) throw invalid(`Expected a directory's path, found ${JSON.stringify(path)}.`);
  if (path === "~" || path.startsWith("~/")) {
    const hint = `A path that does not begin with '/' begins at the login's own directory: use ${JSON.stringify(path.slice(2) || ".")}.`;
    throw invalid(`Expected a path that SFTP knows, found ${JSON.stringify(path)}: '~' is the shell's.`, hint);
  }
  if (rest.password === undefined && rest.privateKey === undefined && rest.agent === undefined) {
    throw invalid("Expected a password, a privateKey or an agent, found none of them.");
  }
  const normal = posix.normalize(path);
  const root = normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
  const place = host.includes(":") ? `[${host}]` : host;
  return {
    ...rest,
    host,
    username,
    port,
    root,
    name: rest.name ?? `sftp://${username}@${place}${port === 22 ? "" : `:${port}`}/${root.replace(/^\//, "")}`,
    connections: atLeast(1, rest.connections ?? 4, "connections"),
    connectTimeoutMs: atLeast(1, rest.connectTimeoutMs ?? 15_000, "connectTimeoutMs"),
    idleTimeoutMs: atLeast(1, rest.idleTimeoutMs ?? 30_000, "idleTimeoutMs"),
    outageMs: atLeast(0, rest.outageMs ?? 30_000, "outageMs"),
    durable: sync === "always",
  };
}

function atLeast(least: number, value: number, name: string): number {
  if (Number.isFinite(value) && value >= least) return value;
  throw invalid(`Expected ${name} to be a number of at least ${least}, found ${value}.`);
}

function invalid(message: string, hint?: string): LifeboatError {
  return new LifeboatError({ code: "INVALID", operation: "storage.open", message, hint });
}
