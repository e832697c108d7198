import type { RestoreChange } from "@lifeboat/contracts";
import type { Table } from "../table.ts";

/** What a comparison is started with. */
export interface CompareOptions {
  /** The absolute path of the tree that is there. */
  readonly root: string;
  /** Whether what is there stays, whatever it is. */
  readonly keepExisting: boolean;
}

/** Entries to compare: numbers type, size, mode, mtime, wanted user and group; texts path, target, SHA-256 or {@link ASK}. */
export type CompareTask = { readonly kind: "batch"; readonly table: Table } | { readonly kind: "close" };

/** For each of a task's entries its place in {@link ACTIONS}. */
export type CompareResult = Uint8Array;

/** Instead of a SHA-256: there is something else that tells the content. */
export const ASK = "?";

/**
 * What may become of an entry, by number. `displace`: a directory has to go for what is none. `ask`: all but the
 * content is the same.
 */
export const ACTIONS = ["create", "replace", "unchanged", "displace", "ask"] as const satisfies (
  | RestoreChange["action"]
  | "displace"
  | "ask"
)[];
