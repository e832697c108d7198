import type { SealState } from "@lifeboat/crypto";
import { type CodecName, setupCodec } from "@lifeboat/frames";
import { createThreads } from "@lifeboat/threads";
import type { PartThreads } from "./segment-line.ts";
import code from "./worker/archive.worker.ts?worker-code";
import { startHandler } from "./worker/handler.ts";
import type { Result, Task, ThreadSetup } from "./worker/tasks.ts";

/** So few segments, which what a part says of itself comes to, are opened sooner than a thread is started. */
const INLINE_FIRST = 3;

/**
 * Threads for one part; they start when there is work. Dispose them when the part is done.
 *
 * @param reading whether they only open segments
 */
export async function partThreads(
  size: number,
  codec: CodecName,
  level: number,
  seal: SealState | null,
  reading = false,
): Promise<PartThreads & AsyncDisposable> {
  const data: ThreadSetup = { codec: await setupCodec(codec, level), seal };
  const make = (name: string, threads: number, inlineFirst: number) =>
    createThreads<ThreadSetup, Task, Result>({ code, inline: startHandler, data, size: threads, inlineFirst, name });
  const pool = make("lifeboat-archive", size, reading ? INLINE_FIRST : 0);
  const digests = make("lifeboat-digest", Math.min(1, size), 0);
  return {
    pool,
    digests,
    size,
    async [Symbol.asyncDispose]() {
      await Promise.all([pool[Symbol.asyncDispose](), digests[Symbol.asyncDispose]()]);
    },
  };
}
