import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Connection, type Target } from "./connection.ts";
import type { CutHow, Faults } from "./faults.ts";
import { Line } from "./line.ts";

/** Options of {@link startFaultProxy}. */
export interface FaultProxyOptions {
  /** The server's port on this machine, or where else it is. */
  readonly target: number | Target;
  /** From the start. Default: none. */
  readonly faults?: Faults;
  /** The faults of one connection alone, by its number from 0; `undefined` gives it those of the proxy. */
  readonly connection?: (index: number) => Faults | undefined;
}

/** What a proxy has seen. */
export interface ProxyStats {
  /** Connections so far. */
  readonly connections: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Bytes that were passed on. */
  readonly up: number;
  readonly down: number;
  /** Bytes that vanished: in a black hole, or sent to a server that hangs. */
  readonly swallowed: number;
  /** Connections that a `cut` has ended. */
  readonly cuts: number;
}

/** A proxy before a server, on 127.0.0.1. */
export interface FaultProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly stats: ProxyStats;
  /** Replaces the faults, also for connections that are open. Resolves when they hold. */
  set(faults: Faults): Promise<void>;
  /** Ends every open connection now. Default: `rst`. */
  cutAll(how?: CutHow): void;
  /** Resets every connection and refuses new ones for so long; afterwards the faults are what they were. */
  outage(ms: number): Promise<void>;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";

/**
 * Starts a TCP proxy that breaks connections as told. Nothing in it is left to
 * chance: cuts fall after an exact number of bytes.
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const target = typeof options.target === "number" ? { host: HOST, port: options.target } : options.target;
  const line = new Line(options.faults ?? {});
  const connections = new Set<Connection>();
  const counted = { connections: 0, up: 0, down: 0, swallowed: 0, cuts: 0 };
  let port = 0;
  let server: Server | null = null;
  let settling: Promise<void> = Promise.resolve();
  let closed = false;

  function accept(client: Socket): void {
    const index = counted.connections;
    counted.connections += 1;
    const own = options.connection?.(index);
    const itsLine = own === undefined ? line : new Line(own);
    const connection = new Connection(client, itsLine, (what, bytes) => {
      counted[what] += what === "cuts" ? 1 : bytes;
    });
    connections.add(connection);
    connection.signal.addEventListener("abort", () => connections.delete(connection));
    const { connect = "pass", blackhole } = itsLine.faults;
    if (connect === "reset" || connect === "refuse") connection.kill("rst");
    else if (connect === "hang" || blackhole !== undefined) connection.hang();
    else void connection.pass(target);
  }

  async function listen(): Promise<void> {
    const starting = createServer({ allowHalfOpen: true, noDelay: true }, accept);
    starting.listen(port, HOST);
    await once(starting, "listening");
    server = starting;
    const address = starting.address();
    if (address !== null && typeof address === "object") port = address.port;
  }

  async function settle(): Promise<void> {
    const wanted = !closed && line.faults.connect !== "refuse";
    if (wanted && server === null) await listen();
    if (!wanted && server !== null) {
      server.close(); // stops listening at once; what is open stays open
      server = null;
    }
  }

  function adjust(): Promise<void> {
    settling = settling.then(settle);
    return settling;
  }

  function cutAll(how: CutHow = "rst"): void {
    for (const connection of connections) connection.kill(how);
  }

  async function set(faults: Faults): Promise<void> {
    line.set(faults);
    await settling;
  }

  async function close(): Promise<void> {
    closed = true;
    line.close();
    cutAll();
    await adjust();
  }

  await listen(); // once in any case, so that there is a port
  line.onChange(() => {
    adjust().catch(() => undefined); // told by `set` and `close`, which wait for the same promise
  });
  await adjust();

  return {
    host: HOST,
    get port() {
      return port;
    },
    get stats() {
      return { ...counted, open: connections.size };
    },
    set,
    cutAll,
    async outage(ms) {
      const before = line.faults;
      await set({ connect: "refuse" });
      cutAll();
      await pause(ms);
      await set(before);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
