/** How an upload of unknown length is cut. */
export interface PartSizes {
  /** How many bytes the part of this index (from 0) has, where the body has so many left. */
  sizeOf(index: number): number;
  /** The most bytes that fit into one upload. */
  readonly capacity: number;
}

/** What {@link partSizes} is made from. */
export interface PartLimits {
  /** Of the first parts, in bytes. */
  readonly partBytes: number;
  readonly maxParts: number;
  readonly maxPartBytes: number;
  /** Whether the service wants all parts but the last to have the same size. */
  readonly uniform: boolean;
}

/** A part is held in memory, so it never grows beyond this. */
const LARGEST = 1024 ** 3;
const STEPS = 8;

/**
 * Part sizes that begin small and double after every eighth of the parts that a
 * service allows: an upload of unknown length then neither runs out of parts nor
 * takes more memory than its length asks for. With 8 MiB and 10,000 parts, 2.4 TiB
 * fit; with 1,000 parts, 249 GiB.
 */
export function partSizes({ partBytes, maxParts, maxPartBytes, uniform }: PartLimits): PartSizes {
  const largest = Math.min(maxPartBytes, Math.max(LARGEST, partBytes));
  const step = Math.floor(maxParts / STEPS);
  const sizeOf = (index: number) =>
    uniform ? partBytes : Math.min(largest, partBytes * 2 ** Math.min(STEPS - 1, Math.floor(index / step)));
  let capacity = 0;
  for (let index = 0; index < maxParts; index += 1) capacity += sizeOf(index);
  return { sizeOf, capacity };
}
