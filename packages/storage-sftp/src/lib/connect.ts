import { createConnection, type Socket } from "node:net";
import { isLifeboatError, LifeboatError } from "@lifeboat/contracts";
import SftpClient from "ssh2-sftp-client";
import { connectFailure } from "./connect-errors.ts";
import { Connection } from "./connection.ts";
import { type Credentials, credentialsOf } from "./credentials.ts";
import { HOST_KEY_CHANGED, hostKeyProblem, seenHostKey } from "./host-key.ts";
import { Lost } from "./lost.ts";
import type { Settings } from "./options.ts";

/** What is known of an attempt that failed. */
export interface Attempt {
  readonly settings: Settings;
  readonly credentials: Credentials;
  /** The verdict on the server's key. */
  verdict: LifeboatError | null;
  /** The first error that was told. */
  failure: unknown;
  /** The first bytes that the server sent. */
  greeting: string;
  timedOut: boolean;
}

/** Kinds of host keys (RFC 8709, 5656, 8332), in the order in which a server is asked for them. */
const KEY_KINDS = [
  ["ssh-ed25519"],
  ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
  ["rsa-sha2-512", "rsa-sha2-256"],
] as const;

/**
 * Makes one connection, logs in, and starts SFTP. A server has several keys and
 * shows one: where it is another than the one that is pinned, it is asked for its others.
 *
 * @throws Lost where trying again later may help; a LifeboatError where it won't
 */
export async function connect(settings: Settings): Promise<Connection> {
  try {
    return await attempt(settings);
  } catch (error) {
    const pinned = typeof settings.hostKey === "string" || Array.isArray(settings.hostKey);
    if (!pinned || !(error instanceof LifeboatError) || error.operation !== HOST_KEY_CHANGED) throw error;
    for (const kind of KEY_KINDS) {
      const connection = await attempt(settings, kind).catch((other: unknown) => {
        if (isLifeboatError(other) && isAnotherKey(other)) return null; // the first verdict stands
        throw other;
      });
      if (connection !== null) return connection;
    }
    throw error;
  }
}

/** Whether the server has no key of the kind that it was asked for, or that one is not pinned either. */
function isAnotherKey({ operation, code }: LifeboatError): boolean {
  return operation === HOST_KEY_CHANGED || code === "UNSUPPORTED";
}

async function attempt(settings: Settings, keyKinds?: readonly string[]): Promise<Connection> {
  const credentials = credentialsOf(settings);
  const state: Attempt = { settings, credentials, verdict: null, failure: null, greeting: "", timedOut: false };
  const socket = createConnection({ host: settings.host, port: settings.port, noDelay: true });
  const ignore = () => undefined; // what a connection suffers is told to those who wait on it
  const client = new SftpClient("lifeboat", { error: ignore, end: ignore, close: ignore });
  client.on("error", (error: unknown) => (state.failure ??= error));
  const timer = setTimeout(() => {
    state.timedOut = true;
    socket.destroy();
  }, settings.connectTimeoutMs);
  try {
    const connecting = client.connect({
      sock: socket,
      host: settings.host,
      port: settings.port,
      username: settings.username,
      readyTimeout: 0,
      keepaliveInterval: Math.ceil(settings.idleTimeoutMs / 3),
      keepaliveCountMax: Number.MAX_SAFE_INTEGER, // the connection's own watch decides
      hostVerifier: (bytes: Buffer, verify: (right: boolean) => void) => void verifyKey(state, bytes, verify),
      authHandler: (accepted, _partial, next) => next(credentials.next(accepted) as never),
      ...(keyKinds === undefined ? {} : { algorithms: { serverHostKey: [...keyKinds] as never } }),
    });
    rememberGreeting(socket, state);
    const sftp = await connecting;
    return await Connection.start({ client, socket, sftp, settings });
  } catch (error) {
    socket.destroy();
    if (error instanceof Lost || error instanceof LifeboatError) throw error;
    state.failure ??= error;
    throw connectFailure(state);
  } finally {
    clearTimeout(timer);
  }
}

async function verifyKey(state: Attempt, bytes: Buffer, verify: (right: boolean) => void): Promise<void> {
  try {
    state.verdict = await hostKeyProblem(state.settings, seenHostKey(bytes));
  } catch (error) {
    state.failure ??= error; // of the host's own function
  }
  verify(state.verdict === null && state.failure === null);
}

/** After ssh2 has paused the socket, a listener more starts nothing. */
function rememberGreeting(socket: Socket, state: Attempt): void {
  socket.once("data", (bytes: Buffer) => (state.greeting = bytes.toString("latin1", 0, 256)));
}
