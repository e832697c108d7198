import { createHash } from "node:crypto";
import { openSegment, SEGMENT_OVERHEAD, type SealState } from "@lifeboat/crypto";
import { type Codec, StretchReader } from "@lifeboat/frames";
import type { ContentCheck, Unpacked, UnpackTask } from "./tasks.ts";

const NOTHING: readonly string[] = [];

/** Opens, expands and checks segments, synchronously. One a thread. */
export class Unpacker {
  readonly #codec: Codec;
  readonly #seal: SealState | null;
  /** Where segments are opened to: the largest so far. */
  #frame = new Uint8Array(0);
  readonly #files = new StretchReader();

  constructor(codec: Codec, seal: SealState | null) {
    this.#codec = codec;
    this.#seal = seal;
  }

  unpack({ segment, stored: given, unpacked, room, checks }: UnpackTask): Unpacked {
    const own = given instanceof Uint8Array ? { stored: given } : {};
    const stored = given instanceof Uint8Array ? given : this.#files.read(given);
    if (stored === null) return { bad: NOTHING, unread: true };
    const frame = this.#seal === null ? stored : this.#open(this.#seal, segment, stored);
    const bytes = this.#codec.expand(frame, unpacked, room);
    const bad = checks.length === 0 ? NOTHING : checks.filter((check) => !matches(bytes, check)).map((c) => c.path);
    return { ...(room === undefined ? {} : { bytes: room }), ...own, bad };
  }

  #open(seal: SealState, segment: number, stored: Uint8Array): Uint8Array {
    const length = stored.length - SEGMENT_OVERHEAD;
    if (this.#frame.length < length) this.#frame = new Uint8Array(length);
    return openSegment(seal, segment, false, stored, this.#frame);
  }
}

function matches(bytes: Uint8Array, check: ContentCheck): boolean {
  const content = bytes.subarray(check.offset, check.offset + check.size);
  return content.length === check.size && createHash("sha256").update(content).digest("hex") === check.sha256;
}
