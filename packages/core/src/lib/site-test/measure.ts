import { randomBytes } from "node:crypto";
import type { Storage } from "@lifeboat/contracts";
import { DESCRIPTOR_KEY } from "../descriptor-store.ts";
import type { Step } from "./context.ts";
import { notWhatWasWritten } from "./objects.ts";
import { bytes, duration } from "./words.ts";

const MEASURED_BYTES = 4 << 20;
const PIECE = 1 << 18;
const QUESTIONS = 5;

/** Writes, reads and deletes some MiB that can't be compressed, and takes the times. */
export const measure: Step = async ({ storage, probes, measured, moved, signal }) => {
  const latency = await median(QUESTIONS, () => storage.stat(DESCRIPTOR_KEY, { signal }));
  measured.latencyMs = latency;
  const content = randomBytes(MEASURED_BYTES);
  const key = probes.key("large");
  const writing = await timed(() => storage.put(key, inPieces(content), { signal }));
  measured.writeBytesPerSecond = rate(writing);
  moved(MEASURED_BYTES);
  const reading = await timed(() => expectBytes(storage, key, content, signal));
  measured.readBytesPerSecond = rate(reading);
  moved(MEASURED_BYTES);
  await probes.remove({ signal });
  const write = `${bytes(measured.writeBytesPerSecond)}/s written`;
  return `${write}, ${bytes(measured.readBytesPerSecond)}/s read, ${duration(latency)} to an answer.`;
};

async function* inPieces(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += PIECE) yield content.subarray(at, at + PIECE);
}

async function expectBytes(storage: Storage, key: string, content: Buffer, signal: AbortSignal): Promise<void> {
  let at = 0;
  for await (const piece of storage.get(key, { signal, reuse: true })) {
    if (content.compare(piece, 0, piece.length, at, Math.min(content.length, at + piece.length)) !== 0) {
      throw notWhatWasWritten(storage, key);
    }
    at += piece.length;
  }
  if (at !== content.length) throw notWhatWasWritten(storage, key);
}

async function median(times: number, work: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let time = 0; time < times; time += 1) taken.push(await timed(work));
  return taken.sort((a, b) => a - b)[Math.floor(times / 2)] ?? 0;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function rate(ms: number): number {
  return Math.round((MEASURED_BYTES / Math.max(ms, 0.001)) * 1000);
}
