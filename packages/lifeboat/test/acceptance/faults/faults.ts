import type { ErrorCode } from "@lifeboat/contracts";
import { answerFaults } from "./answer-faults.ts";
import { lineFaults } from "./line-faults.ts";
import { serverFaults } from "./server-faults.ts";
import type { ServerName, Servers } from "./servers.ts";
import type { Stage, Work } from "./stage.ts";

/** What a cell must come to. */
export type Expected = "intact" | ErrorCode;

/** What a cell is arranged from. */
export interface Scene {
  readonly servers: Servers;
  readonly server: ServerName;
  readonly work: Work;
}

/** A row of the matrix, for each server. */
export interface Fault {
  readonly name: string;
  /** Seconds within which each piece of work must be over: twice as many for a backup, which tidies up after it failed. */
  readonly within: number;
  /** Whether it mostly waits: then many such cells run side by side. */
  readonly waits?: boolean;
  /** Seconds that it can't take less than, since the fault lasts so long. */
  readonly atLeast?: number;
  /** What it must come to, unless `except` says otherwise. */
  readonly expect: Expected;
  /** For a server, for some work, or for both: `put`, `rclone`, `rclone put`. The most exact one counts. */
  readonly except?: Readonly<Record<string, Expected>>;
  /** Why some cells can't be: by server, or by server and work. */
  readonly without?: Readonly<Record<string, string>>;
  /** How far this machine's clock is ahead of the servers', in milliseconds. Such rows run after all others. */
  readonly clockAhead?: number;
  arrange(scene: Scene): Promise<Stage>;
}

/** All rows. */
export const FAULTS: readonly Fault[] = [...lineFaults, ...answerFaults, ...serverFaults];

/** What a cell must come to, or why it can't be. */
export function expectation(
  { expect, except = {}, without = {} }: Fault,
  server: ServerName,
  work: Work,
): { readonly expected: Expected } | { readonly reason: string } {
  const reason = without[`${server} ${work}`] ?? without[server];
  if (reason !== undefined) return { reason };
  return { expected: except[`${server} ${work}`] ?? except[server] ?? except[work] ?? expect };
}
