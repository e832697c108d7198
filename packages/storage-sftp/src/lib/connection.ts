import type { Socket } from "node:net";
import { LifeboatError } from "@lifeboat/contracts";
import type { SFTPWrapper } from "ssh2";
import type SftpClient from "ssh2-sftp-client";
import { Lost, Refusal } from "./lost.ts";
import type { Settings } from "./options.ts";

/** What a {@link Connection} is made of. */
export interface ConnectionParts {
  readonly client: SftpClient;
  readonly socket: Socket;
  readonly sftp: SFTPWrapper;
  readonly settings: Settings;
}

/** The way ssh2 answers. */
export type Answer<T> = (error: Error | null | undefined, value?: T) => void;

/** Idle connections are closed after so long. */
const UNUSED_MS = 15_000;
const GOODBYE_MS = 1000;
/** So long, in idle times, may a server that is alive owe an answer: a flush to a slow disk. */
const STUCK = 10;
/** ssh2's own limits where the server does not tell any. */
const SMALL = 30 * 1024;

/**
 * One connection to the server, with as many requests in flight as one likes. When
 * it is lost, all of them reject with the same {@link Lost}.
 */
export class Connection {
  readonly #parts: ConnectionParts;
  readonly #waiting = new Set<(reason: unknown) => void>();
  readonly #watch: NodeJS.Timeout;
  #lost: Lost | null = null;
  #heard = 0;
  #heardAt = Date.now();
  #answeredAt = Date.now();
  #usedAt = Date.now();
  #held = 0;
  /** Milliseconds for the shortest answer. */
  roundTripMs = 0;

  private constructor(parts: ConnectionParts) {
    this.#parts = parts;
    const { client, sftp, socket, settings } = parts;
    const broke = () => this.fail("UNREACHABLE", "the connection broke");
    for (const event of ["error", "end", "close"]) client.on(event, broke);
    sftp.on("error", broke).on("end", broke).on("close", broke);
    socket.on("error", broke);
    this.#watch = setInterval(() => this.#look(), Math.max(10, Math.min(1000, settings.idleTimeoutMs / 4))).unref();
    socket.unref();
  }

  /** Takes a connection over once SFTP runs on it, and measures how far away the server is. */
  static async start(parts: ConnectionParts): Promise<Connection> {
    const connection = new Connection(parts);
    const begun = performance.now();
    await connection.call<string>((sftp, answer) => sftp.realpath(".", answer));
    connection.roundTripMs = performance.now() - begun;
    return connection;
  }

  /** Whether it is gone. */
  get lost(): boolean {
    return this.#lost !== null;
  }

  /** Requests in flight. */
  get load(): number {
    return this.#waiting.size;
  }

  /** The most bytes of one read. */
  get maxRead(): number {
    return limitOf(this.#parts.sftp, "_maxReadLen");
  }

  /** The most bytes of one write. */
  get maxWrite(): number {
    return limitOf(this.#parts.sftp, "_maxWriteLen");
  }

  /** Whether the server has an extension in the version that is known here. */
  has(extension: string, version = "1"): boolean {
    const extensions: unknown = Reflect.get(this.#parts.sftp, "_extensions");
    return typeof extensions === "object" && extensions !== null && Reflect.get(extensions, extension) === version;
  }

  /**
   * Sends a request.
   *
   * @throws Refusal where the server says no; Lost where the connection goes before it answers
   */
  call<T = void>(send: (sftp: SFTPWrapper, answer: Answer<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== null) return reject(this.#lost);
      if (this.#waiting.size === 0) this.#wake();
      this.#waiting.add(reject);
      const answer: Answer<T> = (error, value) => {
        if (!this.#waiting.delete(reject)) return; // lost before
        this.#answeredAt = Date.now();
        if (this.#waiting.size === 0) this.#rest();
        if (error === null || error === undefined) return resolve(value as T);
        const status = "code" in error ? error.code : undefined;
        if (typeof status === "number") return reject(new Refusal(status, error.message));
        reject(this.fail("UNREACHABLE", "the connection broke"));
      };
      try {
        send(this.#parts.sftp, answer);
      } catch (error) {
        this.#waiting.delete(reject);
        reject(error);
      }
    });
  }

  /** Keeps it from being closed while nothing is asked, until {@link release}: not every server lets go on with a file. */
  hold(): void {
    this.#held += 1;
  }

  release(): void {
    this.#held -= 1;
    this.#usedAt = Date.now();
  }

  /** Gives the connection up, and everything that waits on it. */
  fail(code: "UNREACHABLE" | "TIMEOUT", says: string): Lost {
    if (this.#lost !== null) return this.#lost;
    const lost = this.#end(code, says);
    this.#parts.socket.destroy();
    return lost;
  }

  /** Says goodbye, and does not wait for long: some servers never answer to it. */
  close(): void {
    if (this.#lost !== null) return;
    this.#end("UNREACHABLE", "the storage has closed the connection");
    const { client, socket } = this.#parts;
    void client.end().catch(() => undefined); // nobody needs it any more
    setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
  }

  #end(code: "UNREACHABLE" | "TIMEOUT", says: string): Lost {
    const { settings, socket } = this.#parts;
    const error = new LifeboatError({
      code,
      operation: "storage.connect",
      message: `Expected ${settings.host}:${settings.port} to answer, but ${says}.`,
      hint: "Check the network and the server's log; what was under way can be tried again.",
      retryable: true,
    });
    const lost = new Lost(error);
    this.#lost = lost;
    clearInterval(this.#watch);
    socket.unref();
    for (const reject of this.#waiting) reject(lost);
    this.#waiting.clear();
    return lost;
  }

  #wake(): void {
    this.#parts.socket.ref();
    this.#heardAt = Date.now();
    this.#answeredAt = Date.now();
  }

  #rest(): void {
    this.#parts.socket.unref();
    this.#usedAt = Date.now();
  }

  #look(): void {
    const now = Date.now();
    const { socket, settings } = this.#parts;
    if (socket.bytesRead !== this.#heard) this.#heardAt = now;
    this.#heard = socket.bytesRead;
    if (this.#waiting.size === 0) {
      if (this.#held === 0 && now - this.#usedAt > UNUSED_MS) this.close();
      return;
    }
    const limit = settings.idleTimeoutMs;
    if (now - this.#heardAt > limit) this.fail("TIMEOUT", `it stayed silent for ${limit} ms`);
    else if (now - this.#answeredAt > limit * STUCK)
      this.fail("TIMEOUT", `it owes an answer since ${limit * STUCK} ms`);
  }
}

/** ssh2 asks for limits@openssh.com, and keeps what it was told to itself. */
function limitOf(sftp: SFTPWrapper, name: string): number {
  const limit: unknown = Reflect.get(sftp, name);
  return typeof limit === "number" && limit > 0 ? Math.min(limit, 255 * 1024) : SMALL;
}
