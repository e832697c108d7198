/** Which way bytes go: `up` from the client to the server, `down` back. */
export type Direction = "up" | "down";

/** How a connection ends: reset (RST), or closed as if it were complete (FIN). */
export type CutHow = "rst" | "fin";

/** Cuts a connection after an exact number of bytes. */
export interface Cut {
  readonly direction: Direction;
  /**
   * So many bytes still pass, not one more. 0 cuts when the first byte arrives: with
   * direction `down`, the request has been received and its answer is lost.
   */
  readonly afterBytes: number;
  /** Default: `rst`. */
  readonly how?: CutHow;
  /** How often. Counting starts anew after each. Default: 1. */
  readonly times?: number;
  /** Count the bytes of each connection by itself, instead of those of all together since the faults were set. */
  readonly each?: boolean;
  /**
   * Only on a connection on which this text went up (`PUT /bucket/key`), and counted
   * from there on. The text has to arrive in one piece, as an HTTP request's first line does.
   */
  readonly armedBy?: string;
}

/** What replaces the faults, and when. Give one of `afterMs` and `afterBytes`. */
export interface NextFaults {
  readonly afterMs?: number;
  /** Once so many bytes passed in `direction`, over all connections. */
  readonly afterBytes?: number;
  /** Default: `up`. */
  readonly direction?: Direction;
  readonly faults: Faults;
}

/** What goes wrong. Nothing of it: everything passes. */
export interface Faults {
  /**
   * What new connections meet.
   * - `pass`: they are passed on
   * - `refuse`: nobody listens (ECONNREFUSED)
   * - `reset`: they are accepted and reset at once
   * - `hang`: they are accepted, and nothing ever answers
   *
   * Default: `pass`.
   */
  readonly connect?: "pass" | "refuse" | "reset" | "hang";
  /** Added each way, in milliseconds. */
  readonly latencyMs?: number;
  /** For each connection and each way. */
  readonly bytesPerSecond?: number;
  /** Bytes and closings wait, and go on when the stall is lifted. */
  readonly stall?: Direction | "both";
  /**
   * Bytes and closings vanish, and new connections hang. A connection that has lost
   * bytes stays dead, also after the black hole is lifted.
   */
  readonly blackhole?: Direction | "both";
  readonly cut?: Cut;
  /** Other faults, later. */
  readonly next?: NextFaults;
}

/** Whether a fault of one or both ways concerns this one. */
export function concerns(fault: Direction | "both" | undefined, direction: Direction): boolean {
  return fault === "both" || fault === direction;
}
