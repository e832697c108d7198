import type { PackPlace } from "./chunk-map.ts";

/** A frame that is wanted. */
export interface WantedFrame {
  readonly pack: PackPlace;
  /** Its number in the pack. */
  readonly frame: number;
}

/** Frames that one request brings, in rising order; what lies between them is read through. */
export interface FrameRun<T extends WantedFrame> {
  readonly pack: PackPlace;
  readonly frames: readonly T[];
}

/** A gap of so many bytes is read through: a new request would cost more. */
export const MAX_GAP_BYTES = 1024 * 1024;

/** The most that one request asks for, in bytes. */
export const MAX_RUN_BYTES = 32 * 1024 * 1024;

/**
 * Which requests bring frames that are wanted in this order: each frame once,
 * neighbours together, requests in the order of first use.
 *
 * @param frames each but once, in the order in which they are wanted first
 */
export function planRuns<T extends WantedFrame>(frames: Iterable<T>): FrameRun<T>[] {
  const packs = new Map<string, T[]>();
  const rank = new Map<T, number>();
  for (const frame of frames) {
    rank.set(frame, rank.size);
    const others = packs.get(frame.pack.id);
    if (others === undefined) packs.set(frame.pack.id, [frame]);
    else others.push(frame);
  }
  const runs = [...packs.values()].flatMap((wanted) => runsOf(wanted));
  const first = new Map(runs.map((run) => [run, Math.min(...run.frames.map((frame) => rank.get(frame) ?? 0))]));
  return runs.sort((a, b) => (first.get(a) ?? 0) - (first.get(b) ?? 0));
}

/** The runs of one pack. */
function runsOf<T extends WantedFrame>(wanted: readonly T[]): FrameRun<T>[] {
  const runs: { pack: PackPlace; frames: T[] }[] = [];
  let start = 0;
  let end = 0;
  for (const frame of [...wanted].sort((a, b) => a.frame - b.frame)) {
    const { offset, storedLength } = frame.pack.frame(frame.frame);
    const last = runs.at(-1);
    if (last !== undefined && offset - end <= MAX_GAP_BYTES && offset + storedLength - start <= MAX_RUN_BYTES) {
      last.frames.push(frame);
    } else {
      runs.push({ pack: frame.pack, frames: [frame] });
      start = offset;
    }
    end = offset + storedLength;
  }
  return runs;
}
