/** The name of a codec, as settings and metadata spell it. */
export type CodecName = "zstd" | "gzip";

/**
 * Compression of one segment at a time, synchronous: it runs in worker threads.
 * Every answer is a whole frame; frames laid end to end are a standard file.
 */
export interface Codec {
  readonly name: CodecName;
  /**
   * One frame that expands to `plain`. The answer may lie in memory that the next
   * call uses again, of any codec of this thread: take a copy before anything is awaited.
   */
  compress(plain: Uint8Array): Uint8Array;
  /**
   * The same, but `null` where a sample shows that compressing does not pay: for formats
   * that can keep bytes as they are.
   */
  tryCompress(plain: Uint8Array): Uint8Array | null;
  /**
   * What a frame expands to, which must be exactly `size` bytes: in `into`, which is of
   * that length, or else in memory that the next call may use again.
   *
   * @throws CORRUPT where the frame is damaged or expands to anything else
   */
  expand(frame: Uint8Array, size: number, into?: Uint8Array): Uint8Array;
}
