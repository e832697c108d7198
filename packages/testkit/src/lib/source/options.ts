import type { Source } from "@lifeboat/contracts";

/** A source for one test, with the data behind it. */
export interface SourceUnderTest {
  readonly source: Source;
  /** Puts data there that shows what the source can hold; called once, before anything else. */
  readonly fill: () => Promise<void>;
  /** Takes all of the data away, as on a machine that is set up anew. */
  readonly clear: () => Promise<void>;
  /** The data as it is now, in a form that `toEqual` compares: of a directory names, modes, times and hashes, say. */
  readonly state: () => Promise<unknown>;
  /** The same of a place that the data was restored to; absent where the source cannot restore elsewhere. */
  readonly stateAt?: (directory: string) => Promise<unknown>;
  /** How many files or connections are open now. */
  readonly openHandles?: () => number | Promise<number>;
  /** Runs after the test, whatever came of it. */
  readonly cleanup?: () => Promise<void>;
}

/** Options of {@link sourceSuite}. */
export interface SourceSuiteOptions {
  /** Makes a source over data of its own. Called for every test. */
  readonly create: () => Promise<SourceUnderTest>;
  /** Milliseconds for one test. Default: 30,000. */
  readonly timeout?: number;
}
