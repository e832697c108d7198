import type { Storage } from "@lifeboat/contracts";

/** A storage for one test, with what belongs to it. */
export interface StorageUnderTest {
  /** Empty. The suite disposes of it. */
  readonly storage: Storage;
  /** Another one on the same objects, as a second process would have; absent where that is impossible. */
  readonly reopen?: () => Promise<Storage>;
  /** How many files or connections are open now; the suite checks that reads give theirs back. */
  readonly openHandles?: () => number | Promise<number>;
  /** Runs after the test, whatever came of it. */
  readonly cleanup?: () => Promise<void>;
}

/** Options of {@link storageSuite}. */
export interface StorageSuiteOptions {
  /** Makes an empty storage. Called for every test. */
  readonly create: () => Promise<Storage | StorageUnderTest>;
  /** How many objects the test of many keys puts. Default: 1,100, one page of S3 and some. */
  readonly manyKeys?: number;
  /** How many random sequences of operations are compared with a model. Default: 50. */
  readonly sequences?: number;
  /** Milliseconds for one test. Default: 30,000. */
  readonly timeout?: number;
}
