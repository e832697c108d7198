import { MessageChannel } from "node:worker_threads";

/**
 * Gives the memory of bytes back at once, instead of when the garbage collector
 * comes around to it: streams of large buffers otherwise pile up far above what is
 * in use. The bytes must be the caller's own and are empty afterwards. Bytes that
 * share their buffer with others are left alone.
 */
export function releaseBytes(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength < WORTH_IT || bytes.byteLength !== buffer.byteLength)
    return;
  // Moving a buffer through a closed port drops it. ArrayBuffer.prototype.transfer would say
  // so more plainly, but Node 20 does not have it.
  port().postMessage(null, [buffer]);
}

/** Smaller ones are no trouble to the collector. */
const WORTH_IT = 16 * 1024;

let closed: MessageChannel["port1"] | undefined;

function port(): MessageChannel["port1"] {
  if (closed === undefined) {
    const { port1 } = new MessageChannel();
    port1.close(); // this end: the other would be closed only when the event loop comes around to it
    closed = port1;
  }
  return closed;
}
