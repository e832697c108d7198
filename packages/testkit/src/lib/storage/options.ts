import type { Storage } from "@lifeboat/contracts";

/** A storage for one test, with what belongs to it. */
export interface StorageUnderTest {
  /** Empty. The suite disposes of it. */
  readonly storage: Storage;
  /** Another one on the same objects, as a second process would have; absent where that is impossible. */
  readonly reopen?: () => Promise<Storage>;
  /**
   * The same objects, with every right: what the suite writes with where `storage`
   * declares by `capabilities.access` that it may not. Required there.
   */
  readonly writer?: Storage;
  /** How many files or connections are open now; the suite checks that reads give theirs back. */
  readonly openHandles?: () => number | Promise<number>;
  /** Runs after the test, whatever came of it. */
  readonly cleanup?: () => Promise<void>;
}

/** Options of {@link storageSuite}. */
export interface StorageSuiteOptions {
  /** Makes an empty storage. Called for every test. */
  readonly create: () => Promise<Storage | StorageUnderTest>;
  /**
   * How many of what a test does many of: rounds, racers, random cases, sequences. 1 is
   * for storages that answer at once; 0.1, say, for a slow server. Default: 1.
   */
  readonly scale?: number;
  /** How many objects the test of many keys puts. Default: 2,100, two pages of S3 and some; it is not scaled. */
  readonly manyKeys?: number;
  /** How many random sequences of operations are compared with a model. Default: 50 × `scale`. */
  readonly sequences?: number;
  /**
   * How many bytes a put may hold of a body that it has pulled; checked with one of 96 MiB × `scale`, at least 48.
   * Absent: not checked, as for a storage in memory.
   */
  readonly putMemory?: number;
  /** Milliseconds for one test. Default: 30,000. */
  readonly timeout?: number;
}
