/** Blocks of zeros of this many bytes, aligned in the file, are worth a hole. */
const HOLE_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(HOLE_BYTES);

/** The stretches of a block that hold anything: zeros so large and so aligned are left out. Copies nothing. */
export function dataRuns(block: Uint8Array): Uint8Array[] {
  const runs: Uint8Array[] = [];
  let begin = 0;
  const close = (end: number) => {
    if (end > begin) runs.push(block.subarray(begin, end));
  };
  for (let at = 0; at < block.length; at += HOLE_BYTES) {
    const end = Math.min(at + HOLE_BYTES, block.length);
    if (ZEROS.compare(block, at, end, 0, end - at) !== 0) continue;
    close(at);
    begin = end;
  }
  close(block.length);
  return runs;
}
