import type { ChunkProfile } from "./profile.ts";

/** An end that the loose mask allows. */
export interface Candidate {
  readonly end: number;
  /** Whether the strict one does too. */
  readonly strict: boolean;
}

/**
 * Selects the places where a body of known size is cut out of all the ends that the loose mask allows, as they
 * become known. The same cuts as one pass makes.
 */
export class CutSelector {
  readonly #profile: ChunkProfile;
  readonly #size: number;
  #start = 0;
  #cuts: number[] = [];

  constructor(profile: ChunkProfile, size: number) {
    this.#profile = profile;
    this.#size = size;
  }

  /** The next candidate, in rising order. */
  add({ end, strict }: Candidate): void {
    const { min, average } = this.#profile;
    if (end >= this.#size || this.#size <= average) return;
    this.reach(end);
    if (end - this.#start >= (strict ? min : average)) this.#cut(end);
  }

  /** There is no further candidate up to and including `end`. */
  reach(end: number): void {
    const { max, average } = this.#profile;
    if (this.#size <= average) return;
    while (this.#start + max <= end && this.#start + max < this.#size) this.#cut(this.#start + max);
  }

  /** There is none any more: the last cut is the body's end. */
  finish(): void {
    this.reach(this.#size);
    if (this.#start < this.#size) this.#cut(this.#size);
  }

  /** The cuts found since the last call. */
  take(): number[] {
    const cuts = this.#cuts;
    this.#cuts = [];
    return cuts;
  }

  #cut(end: number): void {
    this.#cuts.push(end);
    this.#start = end;
  }
}

/** The places where a body of `size` bytes is cut, its end included, by all its candidates. */
export function selectCuts(profile: ChunkProfile, size: number, candidates: Iterable<Candidate>): number[] {
  const selector = new CutSelector(profile, size);
  for (const candidate of candidates) selector.add(candidate);
  selector.finish();
  return selector.take();
}
