/** A block ends before more rows than these, whatever their paths. */
export const MAX_BLOCK_ROWS = 4096;
/** A block has at least so many rows before a path may end it. */
export const MIN_BLOCK_ROWS = 64;
/** A block that weighs so much is ended. */
export const BLOCK_WEIGHT = 1 << 20;
/** The paths of a block have at most so many bytes, each written out. */
export const MAX_PATHS_BYTES = 16_777_216;
/** A row, or a part object, has at most so many references. */
export const MAX_ROOT_REFS = 64;
/** A reference chunk has at least so many references before an id may end it. */
export const MIN_CHUNK_REFS = 128;
/** The most references in a reference chunk. */
export const MAX_CHUNK_REFS = 8192;
/** Reference chunks upon reference chunks. */
export const MAX_DEPTH = 4;
/** A part object names at most so many packs of its list. */
export const MAX_LIST_PACKS = 64;
