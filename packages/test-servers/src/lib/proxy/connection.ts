import { connect, type Socket } from "node:net";
import { arrived } from "./arrived.ts";
import type { Cut, CutHow, Direction } from "./faults.ts";
import { Lane, type LaneOwner } from "./lane.ts";
import type { Counter, Line } from "./line.ts";

/** How long a closed connection may still talk, unheard, before it is torn down. */
const AFTER_FIN_MS = 1000;

/** Where the server is. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

type OnBytes = (what: Direction | "swallowed" | "cuts", bytes: number) => void;

/** One client's connection, and the one to the server that belongs to it. */
export class Connection implements LaneOwner {
  readonly line: Line;
  readonly #client: Socket;
  readonly #over = new AbortController();
  readonly #onBytes: OnBytes;
  #server: Socket | undefined;
  #counter: Counter | undefined;
  dead = false;

  constructor(client: Socket, line: Line, onBytes: OnBytes) {
    this.line = line;
    this.#client = client;
    this.#onBytes = onBytes;
    this.#watch(client);
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  get open(): boolean {
    return !this.signal.aborted;
  }

  counter(): Counter {
    this.#counter = this.line.own(this.#counter);
    return this.#counter;
  }

  passed(direction: Direction, bytes: number): void {
    this.#onBytes(direction, bytes);
  }

  swallowed(bytes: number): void {
    this.#onBytes("swallowed", bytes);
  }

  /** Accepts, and answers nothing for ever. */
  hang(): void {
    this.dead = true;
    this.#client.on("data", (bytes) => this.swallowed(bytes.length));
  }

  async pass({ host, port }: Target): Promise<void> {
    const server = connect({ host, port, allowHalfOpen: true, noDelay: true });
    this.#server = server;
    this.#watch(server);
    const lanes = [new Lane(this, "up", this.#client, server), new Lane(this, "down", server, this.#client)];
    const ends = await Promise.allSettled(lanes.map((lane) => lane.run()));
    if (this.dead) return; // the closings are lost too: both sides find out by themselves
    if (ends.some(({ status }) => status === "rejected")) this.kill("rst");
    else this.#end();
  }

  async cut({ how = "rst" }: Cut): Promise<void> {
    if (how === "rst") await Promise.all(this.#sockets().map(arrived)); // a reset overtakes what is under way
    this.#onBytes("cuts", 0);
    this.kill(how);
  }

  kill(how: CutHow): void {
    if (!this.open) return;
    this.#end();
    for (const socket of this.#sockets()) {
      if (how === "rst") {
        socket.resetAndDestroy();
      } else {
        socket.end();
        socket.on("data", () => undefined); // closing with unread bytes would turn the FIN into a RST
        setTimeout(() => socket.destroy(), AFTER_FIN_MS).unref();
      }
    }
  }

  #sockets(): readonly Socket[] {
    return this.#server === undefined ? [this.#client] : [this.#client, this.#server];
  }

  #end(): void {
    this.#over.abort(new Error("The connection is over."));
  }

  #watch(socket: Socket): void {
    socket.on("error", () => {
      // told by `close`, which follows
    });
    socket.on("close", (failed) => {
      if (failed && !this.dead) this.kill("rst");
      else if (this.dead && this.#sockets().every(({ destroyed }) => destroyed)) this.#end();
    });
  }
}
