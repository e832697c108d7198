const MIB = 1024 * 1024;

/** How many bytes of tar a segment holds, about: the unit of compression, sealing and random access. */
export const SEGMENT_BYTES = 2 * MIB;

/** The memory that a segment's bytes take on their way through the threads: used again and again. */
export const ROOM_BYTES = SEGMENT_BYTES + MIB / 4;

/** The most a segment may expand to, in bytes: more is refused before memory is taken for it. */
export const MAX_UNPACKED_BYTES = 16 * MIB;

/** Content whose size is unknown beforehand is stored in tar entries of this many bytes. */
export const PIECE_BYTES = 16 * MIB;

/** How many bytes of index lines make a segment of the index. */
export const INDEX_BYTES = 2 * MIB;

/** The folder inside the tar where the archive keeps what is its own. */
export const OWN_FOLDER = ".lifeboat";
