/** The most packs that an index object tells of. */
export const MAX_INDEX_PACKS = 4096;
/** The most frames that an index object tells of. */
export const MAX_INDEX_FRAMES = 262_144;
/** The most chunks that an index object tells of. */
export const MAX_INDEX_CHUNKS = 1_048_576;
/** So many chunks' lengths, and so many chunks' ids, are in a segment. */
export const SEGMENT_CHUNKS = 65_536;
