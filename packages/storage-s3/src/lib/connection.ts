import { setMaxListeners } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { HeadBucketCommand, type S3Client } from "@aws-sdk/client-s3";
import { type AbortOptions, LifeboatError } from "@lifeboat/contracts";
import { type Asked, explain, type Where } from "./explain.ts";
import { type Failure, failureOf, redactor } from "./failure.ts";
import { abortable, delayed } from "./linked.ts";
import { pauseBefore, remedyOf } from "./patience.ts";

/** What a request is given to be sent with. */
export interface SendOptions {
  readonly abortSignal?: AbortSignal;
}

/** Requests to one bucket, with retries, and errors that are coded by cause. */
export interface Connection {
  /**
   * Sends a request, again where that may help, and explains its failure.
   *
   * @param settle what the failure means to the caller: something other than `undefined` is the answer instead
   * @throws LifeboatError, and `signal.reason` as it is
   */
  call<T, S = T>(asked: Asked, options: AbortOptions, work: Work<T>, settle?: Settle<S>): Promise<T | S>;
  /** A failure that came otherwise, such as in the middle of a body. */
  failure(error: unknown): Failure;
  /** The error that a failure is to the caller. */
  explained(failure: Failure, asked: Asked): LifeboatError;
  /** For how many milliseconds a request is tried again. */
  readonly retryTime: number;
  /** Whether the client is ours, so that nobody else has a part in the bytes it hands over. */
  readonly owned: boolean;
  /** Whether the bucket is there, where that is not known yet; cheap afterwards. */
  assertBucket(operation: string, options: AbortOptions): Promise<void>;
  close(): void;
}

/** One try of a request. */
export type Work<T> = (client: S3Client, options: SendOptions) => Promise<T>;
/** Turns a failure into an answer; `undefined` where it stays one. Its own requests are not tried again. */
export type Settle<S> = (failure: Failure) => Promise<S | undefined> | S | undefined;

/** What {@link connect} is made from. */
export interface ConnectionSettings {
  readonly where: Where;
  readonly retryTime: number;
  /** Opened with the first request. */
  readonly open: () => S3Client;
  /** Whether the client is closed with the connection: not where the host gave it. */
  readonly owned: boolean;
}

/** How long an aborted request that makes an object visible is still waited for. */
const COMMIT_MS = 500;

/** Opens nothing before the first request. */
export function connect({ where, retryTime, open, owned }: ConnectionSettings): Connection {
  let client: S3Client | undefined;
  let seen = false;
  const secrets: string[] = [];
  const redact = redactor(() => secrets);
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // one for each pause before a retry

  async function read(error: unknown, signal: AbortSignal | undefined): Promise<Failure> {
    const unsigned = error instanceof Error && error.name === "CredentialsProviderError";
    if (client !== undefined && !unsigned) await abortable(learnSecrets(client), signal);
    return failureOf(error, redact);
  }

  /** So that they can be taken out of words; a provider that fails says so when the request is signed. */
  async function learnSecrets(opened: S3Client): Promise<void> {
    try {
      const { accessKeyId, secretAccessKey, sessionToken } = await opened.config.credentials();
      for (const secret of [secretAccessKey, sessionToken, accessKeyId]) {
        if (secret !== undefined && !secrets.includes(secret)) secrets.push(secret);
      }
    } catch {
      // The request itself fails for the same reason, and that failure is told.
    }
  }

  /**
   * A request that makes an object visible may be carried out after it was aborted here.
   * So after an abort it gets a moment to be answered: mostly, the caller's next look
   * then sees what stays.
   */
  async function tryCommit<T>(work: Work<T>, signal: AbortSignal): Promise<T> {
    using later = delayed(signal, COMMIT_MS);
    return await tryOnce(work, later.signal);
  }

  /** Ends early where the connection is closed. */
  async function pausing(milliseconds: number): Promise<void> {
    try {
      await wait(milliseconds, undefined, { signal: closing.signal });
    } catch (error) {
      if (!closing.signal.aborted) throw error;
    }
  }

  async function tryOnce<T>(work: Work<T>, signal: AbortSignal | undefined): Promise<T> {
    client ??= open();
    const answer = await abortable(work(client, signal === undefined ? {} : { abortSignal: signal }), signal);
    seen = true;
    return answer;
  }

  const connection: Connection = {
    retryTime,
    owned,

    async call<T, S = T>(asked: Asked, { signal }: AbortOptions, work: Work<T>, settle?: Settle<S>): Promise<T | S> {
      let since = 0;
      for (let tries = 1; ; tries += 1) {
        signal?.throwIfAborted();
        if (closing.signal.aborted) throw disposed(asked);
        try {
          return await (asked.commits && signal !== undefined ? tryCommit(work, signal) : tryOnce(work, signal));
        } catch (error) {
          if (signal?.aborted) throw signal.reason;
          if (closing.signal.aborted) throw disposed(asked);
          if (error instanceof LifeboatError) throw error;
          const failure = await read(error, signal);
          if (failure.name === "NoSuchKey") seen = true;
          const settled = await settle?.(failure);
          if (settled !== undefined) return settled;
          const now = performance.now();
          since ||= now;
          const trouble = { remedy: remedyOf(failure), tries, lasting: now - since, budget: retryTime };
          const pause = pauseBefore({ ...trouble, random: Math.random() });
          if (pause === null) throw explain(failure, asked, where);
          await abortable(pausing(pause), signal);
        }
      }
    },

    failure: (error) => failureOf(error, redact),
    explained: (failure, asked) => explain(failure, asked, where),

    async assertBucket(operation, options) {
      if (seen) return;
      const asked = { operation, right: "s3:ListBucket" };
      await connection.call(
        asked,
        options,
        async (opened, o) => {
          await opened.send(new HeadBucketCommand({ Bucket: where.bucket }), o);
          return true;
        },
        (failure) => {
          if (failure.status === 404) throw explain({ ...failure, name: "NoSuchBucket" }, asked, where);
          return failure.status === 403 ? true : undefined; // it is there, though this key may not list it
        },
      );
    },

    close() {
      closing.abort();
      if (owned) client?.destroy();
    },
  };
  return connection;
}

function disposed({ operation, key }: Asked): LifeboatError {
  return new LifeboatError({ code: "INVALID", operation, key, message: "The storage has been disposed of." });
}
