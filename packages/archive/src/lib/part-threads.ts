import type { SealState } from "@lifeboat/crypto";
import { type CodecName, setupCodec } from "@lifeboat/frames";
import { createThreads } from "@lifeboat/threads";
import type { PartThreads } from "./segment-line.ts";
import code from "./worker/archive.worker.ts?worker-code";
import { startHandler } from "./worker/handler.ts";
import type { Result, Task, ThreadSetup } from "./worker/tasks.ts";

/** Threads for one part; they start when there is work. Dispose them when the part is done. */
export async function partThreads(
  size: number,
  codec: CodecName,
  level: number,
  seal: SealState | null,
): Promise<PartThreads & AsyncDisposable> {
  const data: ThreadSetup = { codec: await setupCodec(codec, level), seal };
  const start = (name: string, threads: number) =>
    createThreads<ThreadSetup, Task, Result>({ code, inline: startHandler, data, size: threads, name });
  const pool = start("lifeboat-archive", size);
  const digests = start("lifeboat-digest", Math.min(1, size));
  return {
    pool,
    digests,
    size,
    async [Symbol.asyncDispose]() {
      await Promise.all([pool[Symbol.asyncDispose](), digests[Symbol.asyncDispose]()]);
    },
  };
}
