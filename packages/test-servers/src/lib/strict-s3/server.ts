import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { S3Server } from "../ceph/gateway.ts";
import { type Answer, refused, S3Refusal } from "./answers.ts";
import { receive } from "./body.ts";
import { Bucket } from "./bucket.ts";
import { type Habits, OPERATIONS, operationOf, type Request } from "./operations.ts";
import { type Identity, verifySignature } from "./signature.ts";

/**
 * What a strict server does wrong on purpose.
 * - `refuse`: answers with an error instead of doing it
 * - `lose`: does it, and resets the connection instead of answering
 * - `drop`: resets the connection without doing it
 * - `cut`: sends so many bytes of the answer's body, then resets the connection
 */
export type InjectedFault =
  | { readonly do: "refuse"; readonly status: number; readonly code: string; readonly message?: string }
  | { readonly do: "lose" }
  | { readonly do: "drop" }
  | { readonly do: "cut"; readonly bytes: number };

/** A request as it came, for tests to look at. */
export interface SeenRequest {
  readonly operation: string;
  readonly name: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A server that checks what AWS checks and answers what AWS answers, in this process. */
export interface StrictS3 extends S3Server {
  readonly region: string;
  /** What lies in each bucket; add a bucket here, or by a request. */
  readonly buckets: Map<string, Bucket>;
  readonly seen: SeenRequest[];
  /** The most requests of an operation that were under way at once, from their head to their answer. */
  readonly most: ReadonlyMap<string, number>;
  /** Rights that are denied: `s3:ListBucket`. */
  readonly denied: Set<string>;
  /** Lets the next so many requests of an operation (`PutObject`) fail. Default: 1. */
  inject(operation: string, fault: InjectedFault, times?: number): void;
}

/** Options of {@link startStrictS3}. */
export interface StrictS3Options extends Habits {
  /** Default: `us-east-1`. */
  readonly region?: string;
  readonly expiredToken?: string;
  /** How far the server's clock is ahead, in milliseconds. Default: 0. */
  readonly clockSkew?: number;
}

/** Starts it on a free port of the loopback interface. */
export async function startStrictS3(options: StrictS3Options = {}): Promise<StrictS3> {
  const { region = "us-east-1", clockSkew = 0 } = options;
  const credentials = { accessKeyId: "AKIASTRICT", secretAccessKey: `strict/secret+${randomUUID()}` };
  const identity: Identity = { ...options, ...credentials, region, clockSkew };
  const buckets = new Map<string, Bucket>();
  const seen: SeenRequest[] = [];
  const underWay = new Map<string, number>();
  const most = new Map<string, number>();
  const denied = new Set<string>();
  const faults: { operation: string; fault: InjectedFault; left: number }[] = [];

  function faultFor(operation: string): InjectedFault | undefined {
    const planned = faults.find((each) => each.operation === operation && each.left > 0);
    if (planned !== undefined) planned.left -= 1;
    return planned?.fault;
  }

  function count(operation: string): () => void {
    const now = (underWay.get(operation) ?? 0) + 1;
    underWay.set(operation, now);
    most.set(operation, Math.max(most.get(operation) ?? 0, now));
    return () => void underWay.set(operation, (underWay.get(operation) ?? 1) - 1);
  }

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? "/", "http://localhost");
    const [, bucketName = "", path = ""] = /^\/([^/]*)\/?(.*)$/s.exec(url.pathname) ?? [];
    const head = {
      method: incoming.method ?? "",
      bucket: bucketName,
      name: decodeURIComponent(path),
      query: url.searchParams,
      headers: incoming.headers,
    };
    const { operation, right } = operationOf(head);
    const ended = count(operation);
    const requestId = randomUUID();
    let fault: InjectedFault | undefined;
    let result: Answer;
    try {
      const body = await receive(incoming);
      if (body === null) return;
      const request: Request = { ...head, body };
      seen.push({ operation, name: request.name, headers: incoming.headers });
      fault = faultFor(operation);
      if (fault?.do === "drop") return void incoming.socket.resetAndDestroy();
      if (fault?.do === "refuse") throw new S3Refusal(fault.status, fault.code, fault.message ?? fault.code);
      verifySignature(incoming, identity);
      result = perform(request, operation, right);
    } catch (error) {
      const refusal = error instanceof S3Refusal ? error : new S3Refusal(500, "InternalError", String(error));
      result = refused(refusal, head.method, url.pathname, requestId);
    } finally {
      ended();
    }
    if (fault?.do === "lose") return void incoming.socket.resetAndDestroy();
    send(response, head.method, result, fault?.do === "cut" ? fault.bytes : undefined);
  }

  function perform(request: Request, operation: string, right: string): Answer {
    const bucket = buckets.get(request.bucket);
    if (bucket === undefined && operation !== "CreateBucket") {
      throw new S3Refusal(404, "NoSuchBucket", "The specified bucket does not exist", { BucketName: request.bucket });
    }
    if (denied.has(right)) {
      const message = `User: arn:aws:iam::123456789012:user/test is not authorized to perform: ${right}`;
      throw new S3Refusal(403, "AccessDenied", message);
    }
    const perform = OPERATIONS[operation];
    if (perform === undefined) throw new S3Refusal(501, "NotImplemented", operation);
    return perform(bucket ?? new Bucket(), request, options, buckets);
  }

  function send(response: ServerResponse, method: string, result: Answer, cutAt: number | undefined): void {
    const { body: bytes = "" } = result;
    const body = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
    response.writeHead(result.status, {
      "content-length": body.length,
      date: new Date(Date.now() + clockSkew).toUTCString(),
      "x-amz-request-id": randomUUID(),
      ...result.headers,
    });
    if (method === "HEAD") response.end();
    else if (cutAt === undefined) response.end(body);
    else response.write(body.subarray(0, cutAt), () => setTimeout(() => response.socket?.resetAndDestroy(), 10));
  }

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    credentials,
    region,
    buckets,
    seen,
    most,
    denied,
    inject: (operation, fault, times = 1) => void faults.push({ operation, fault, left: times }),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
