import { LifeboatError } from "@lifeboat/contracts";
import { connect } from "./connect.ts";
import type { Connection } from "./connection.ts";
import { Lost } from "./lost.ts";
import type { Settings } from "./options.ts";
import { Patience } from "./patience.ts";

/** A server that has never answered is waited for no longer than this. */
const FIRST_CONTACT_MS = 5000;
/** After a connection was refused to us, so long no further one is asked for. */
const CROWDED_MS = 60_000;

/** The connections of one storage: few, shared by all calls, made when they are needed. */
export class Line {
  readonly settings: Settings;
  readonly #connect: (settings: Settings) => Promise<Connection>;
  #connections: Connection[] = [];
  #first: Promise<Connection> | null = null;
  /** The last request for a further connection: they are made one after the other. */
  #further: Promise<unknown> = Promise.resolve();
  #met = false;
  #closed = false;
  #crowdedUntil = 0;

  constructor(settings: Settings, connector = connect) {
    this.settings = settings;
    this.#connect = connector;
  }

  /** Patience for one piece of work. */
  patience(): Patience {
    const { outageMs } = this.settings;
    return new Patience(this.#met ? outageMs : Math.min(outageMs, FIRST_CONTACT_MS));
  }

  /**
   * The connection that has the least to do, a new one where there is none.
   *
   * @throws Lost, LifeboatError
   */
  async any(): Promise<Connection> {
    if (this.#closed) throw disposed();
    const live = this.#live();
    if (live.length > 0) return leastLoaded(live);
    this.#first ??= this.#open().finally(() => {
      this.#first = null;
    });
    return await this.#first;
  }

  /** A connection besides those that are in use, or `null` where there is to be no further one. */
  async besides(used: ReadonlySet<Connection>): Promise<Connection | null> {
    const next = this.#further.then(() => this.#besides(used));
    this.#further = next;
    return await next;
  }

  /**
   * Does a piece of work on some connection, again from its beginning where that is
   * lost, for as long as patience lasts. The work must bear being done twice.
   */
  async run<T>(work: (connection: Connection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const patience = this.patience();
    for (;;) {
      signal?.throwIfAborted();
      try {
        return await work(await this.any());
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        await patience.bear(error, signal);
      }
    }
  }

  /** Ends all connections; what is under way on them rejects. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#connections) connection.close();
    this.#connections = [];
  }

  async #besides(used: ReadonlySet<Connection>): Promise<Connection | null> {
    const live = this.#live();
    const free = live.filter((one) => !used.has(one));
    if (free.length > 0) return leastLoaded(free);
    if (this.#closed || live.length >= this.settings.connections || Date.now() < this.#crowdedUntil) return null;
    try {
      return await this.#open();
    } catch {
      this.#crowdedUntil = Date.now() + CROWDED_MS; // it may let in no more of us: what there is will do
      return null;
    }
  }

  #live(): readonly Connection[] {
    this.#connections = this.#connections.filter((one) => !one.lost);
    return this.#connections;
  }

  async #open(): Promise<Connection> {
    const connection = await this.#connect(this.settings);
    this.#met = true;
    if (this.#closed) {
      connection.close();
      throw disposed();
    }
    this.#connections.push(connection);
    return connection;
  }
}

function disposed(): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "storage.connect",
    message: "The storage has been disposed of.",
  });
}

function leastLoaded(connections: readonly Connection[]): Connection {
  return connections.reduce((least, one) => (one.load < least.load ? one : least));
}
