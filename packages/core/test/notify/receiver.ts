import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { later } from "../support.ts";

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What is answered: a status with headers, or something else. */
export type Answer =
  | number
  | { readonly status: number; readonly headers: Record<string, string> }
  | "nothing"
  | "hang up";

/** A server on the loopback interface that keeps what it is sent. The last answer stays. */
export async function receiver(...answers: readonly Answer[]) {
  const received: Received[] = [];
  const open = new Set<ServerResponse>();
  let arrived = () => {};
  const server = createServer((request, response) => {
    open.add(response);
    take(request, response).catch(() => response.destroy());
  });

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const { method = "", url = "", headers } = request;
    received.push({ method, url, headers, body: Buffer.concat(pieces).toString() });
    const answer = answers[Math.min(received.length, answers.length) - 1] ?? 204;
    if (answer === "hang up") request.socket.destroy();
    else if (answer !== "nothing") {
      const { status, headers: more } = typeof answer === "number" ? { status: answer, headers: {} } : answer;
      response.writeHead(status, more).end("what it says is of no concern");
    }
    arrived();
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  later(async () => {
    for (const response of open) response.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    received,
    /** Resolves once so many requests have arrived. */
    arrivals: async (count: number): Promise<void> => {
      while (received.length < count) await new Promise<void>((resolve) => (arrived = resolve));
    },
  };
}
