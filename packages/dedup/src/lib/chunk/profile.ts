/** The sizes that a site's chunks have, in bytes. */
export interface ChunkProfile {
  /** No chunk but the last of a body is smaller. At least 64. */
  readonly min: number;
  /** A power of two from 4 KiB to 4 MiB: past it a cut is found sixteen times as easily as before it. */
  readonly average: number;
  /** No chunk is larger. At most 16 MiB. */
  readonly max: number;
}

/** What is used unless the site says otherwise. */
export const DEFAULT_PROFILE: ChunkProfile = { min: 16_384, average: 65_536, max: 262_144 };

/** Which bits of the hash must be zero for a cut. Every cut by `strict` is one by `loose`. */
export interface CutMasks {
  /** Before `average`: two bits more than its logarithm. */
  readonly strict: number;
  /** From there on: two bits fewer. */
  readonly loose: number;
}

/** The masks are the top bits of the hash: those that most of the window went into. */
export function cutMasks({ average }: ChunkProfile): CutMasks {
  const bits = Math.log2(average);
  return { strict: topBits(bits + 2), loose: topBits(bits - 2) };
}

/** Whether a site may have these sizes. */
export function isChunkProfile({ min, average, max }: ChunkProfile): boolean {
  const bits = Math.log2(average);
  const whole = Number.isInteger(min) && Number.isInteger(bits) && Number.isInteger(max);
  return whole && bits >= 12 && bits <= 22 && min >= 64 && min <= average && average <= max && max <= 16_777_216;
}

function topBits(count: number): number {
  return (-1 << (32 - count)) >>> 0;
}
