import type { Clock, Source, Storage } from "@lifeboat/contracts";
import type { HeldObject } from "./server.ts";
import type { Climate } from "./weather.ts";

/** What a simulated host has to open its engine with. */
export interface SimulatedHost {
  readonly name: string;
  readonly storage: Storage;
  readonly clock: Clock;
  /** What it backs up. */
  readonly source: Source;
}

/** What a simulated host does with its engine. An engine of a host that has died is not closed: it just ends. */
export interface SimulatedEngine {
  /** Makes a backup, and answers its id. */
  backup(): Promise<string>;
  /** The ids of all that is listed. */
  list(): Promise<readonly string[]>;
  delete(id: string): Promise<void>;
  /** Answers what is wrong; nothing where all is well. */
  verify(id: string): Promise<readonly string[]>;
  /** Gives the source back what it had. */
  restore(id: string): Promise<void>;
  /** @param choice any whole number from the seed, so that prunes differ; 0 for one that takes all there is to take */
  prune?(choice: number): Promise<void>;
  repair?(): Promise<void>;
}

/**
 * Looks at what lies in the storage, outside of time and without the code under
 * test: what it says is what the simulation holds the code against.
 */
export interface Inspector {
  /** Takes note of a change; `null` for a deletion. */
  changed(key: string, bytes: Uint8Array | null): void;
  /** The backup that this key is the manifest of, or `null`. */
  manifestOf(key: string): string | null;
  /** Which run made the backup, as its source's description says. */
  runOf(id: string): number | null;
  /** What a whole reader would miss of a backup whose manifest is there; nothing where it is whole. */
  missing(id: string): readonly string[];
  /**
   * What a backup holds, read without the code under test; absent where it can only be
   * restored. `null` where it can't be read.
   */
  filesOf?(id: string): ReadonlyMap<string, Uint8Array> | null;
  /** Whether others have given this run up, so that its manifest is only believed by who looks. */
  isFenced(id: string): boolean;
  /** The keys that nothing needs, once everything has ended. */
  garbage(): readonly string[];
  /** What only this subject can say of a change, where it is wrong. */
  objection?(key: string, bytes: Uint8Array | null): string | null;
}

/** What is simulated: an engine with a format, and how to judge what it leaves in a storage. */
export interface SimulationSubject {
  readonly name: string;
  readonly climate: Climate;
  /** What its engines can do besides. */
  readonly abilities?: readonly ("prune" | "repair")[];
  /** Gets ready what takes turns of the event loop, such as compiling WebAssembly: a simulation has none. */
  prepare?(): Promise<void>;
  /** Opens an engine, without any threads, and without a key that is slow to derive. */
  open(host: SimulatedHost): SimulatedEngine;
  inspect(objects: ReadonlyMap<string, HeldObject>): Inspector;
  /** Makes the code under test believe that these runs' processes are gone, whether or not they are. */
  presumeDead?(ids: readonly string[]): void;
}
