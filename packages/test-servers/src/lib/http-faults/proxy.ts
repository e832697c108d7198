import { Agent, createServer, type IncomingMessage, type ServerResponse, request as send } from "node:http";
import { refused, S3Refusal } from "../strict-s3/answers.ts";
import { operationOf } from "../strict-s3/operations.ts";

/**
 * What becomes of a request.
 * - `refuse`: it is answered with an error, and the server never sees it
 * - `lose`: the server answers it, and the connection is reset instead
 */
export type AnswerFault =
  | { readonly do: "refuse"; readonly status: number; readonly code: string; readonly message?: string }
  | { readonly do: "lose" };

/** Options of {@link startHttpFaultProxy}. */
export interface HttpFaultProxyOptions {
  /** The server's port on this machine. */
  readonly target: number;
}

/** A proxy before an S3 server, on 127.0.0.1. */
export interface HttpFaultProxy extends AsyncDisposable {
  readonly port: number;
  /** Requests that met a fault, by the API's names (`UploadPart`), in order. */
  readonly struck: readonly string[];
  /** From now on, tells for each request what goes wrong with it; `undefined` where nothing does. */
  set(fault: (operation: string) => AnswerFault | undefined): void;
  close(): Promise<void>;
}

/** Starts a proxy that passes requests on as they are, but for those that are told to fail. */
export async function startHttpFaultProxy({ target }: HttpFaultProxyOptions): Promise<HttpFaultProxy> {
  const agent = new Agent({ keepAlive: true, noDelay: true });
  const struck: string[] = [];
  let faultOf: (operation: string) => AnswerFault | undefined = () => undefined;

  function answer(incoming: IncomingMessage, response: ServerResponse): void {
    const url = new URL(incoming.url ?? "/", "http://localhost");
    const [, bucket = "", name = ""] = /^\/([^/]*)\/?(.*)$/s.exec(url.pathname) ?? [];
    const method = incoming.method ?? "";
    const { headers } = incoming;
    const { operation } = operationOf({ method, bucket, name, query: url.searchParams, headers });
    const fault = faultOf(operation);
    if (fault !== undefined) struck.push(operation);
    if (fault?.do === "refuse") refuse(incoming, response, fault, url.pathname);
    else pass(incoming, response, fault?.do === "lose");
  }

  function pass(incoming: IncomingMessage, response: ServerResponse, lose: boolean): void {
    const { method, url, rawHeaders } = incoming;
    const outgoing = send({ host: "127.0.0.1", port: target, method, path: url, headers: rawHeaders, agent });
    const broke = () => void incoming.socket.resetAndDestroy();
    outgoing.on("error", broke);
    outgoing.on("response", (answered) => {
      answered.on("error", broke);
      if (lose) {
        answered.resume().on("end", broke);
        return;
      }
      response.writeHead(answered.statusCode ?? 500, answered.rawHeaders);
      answered.pipe(response);
    });
    incoming.pipe(outgoing);
    response.on("close", () => {
      if (!response.writableFinished) outgoing.destroy();
    });
  }

  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const close = async () => {
    server.closeAllConnections();
    agent.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    struck,
    set: (fault) => {
      faultOf = fault;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function refuse(
  incoming: IncomingMessage,
  response: ServerResponse,
  { status, code, message = code }: AnswerFault & { do: "refuse" },
  path: string,
): void {
  const { headers, body = "" } = refused(new S3Refusal(status, code, message), incoming.method ?? "", path, "proxy");
  incoming.resume().on("end", () => {
    response.writeHead(status, { ...headers, "content-length": body.length });
    response.end(body);
  });
}
