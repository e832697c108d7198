import { setupCodec } from "@lifeboat/frames";
import { createThreads, type Threads } from "@lifeboat/threads";
import type { Unpacked, UnpackTask } from "../worker/unpack.ts";
import code from "../worker/unpack.worker.ts?worker-code";
import { startUnpackHandler } from "../worker/unpack-handler.ts";

/** So few frames, which a list or a single file comes to, are opened sooner than a thread is started. */
const INLINE_FIRST = 6;

/** Threads that open frames; they start when there is work for them. */
export type ReadThreads = Threads<UnpackTask, Unpacked>;

/**
 * @param size how many; 0 works on the calling thread
 * @param idKey the subkey `chunk-id`
 */
export async function readThreads(size: number, idKey: Uint8Array): Promise<ReadThreads> {
  const codecs = await Promise.all([setupCodec("zstd", 1), setupCodec("gzip", 1)]);
  const data = { codecs, idKey };
  return createThreads({
    code,
    inline: startUnpackHandler,
    data,
    size,
    inlineFirst: INLINE_FIRST,
    name: "lifeboat-read",
  });
}
