import { createHash } from "node:crypto";
import { openSegment, type SealState } from "@lifeboat/crypto";
import { releaseBytes } from "@lifeboat/threads";
import { ownBytes } from "../bytes.ts";
import type { Codec } from "../codec/codec.ts";
import type { Unpacked, UnpackTask } from "./tasks.ts";

const NOTHING: readonly string[] = [];

/** Opens, expands and checks one segment. */
export function unpack(codec: Codec, seal: SealState | null, task: UnpackTask): Unpacked {
  const frame = seal === null ? task.stored : openSegment(seal, task.segment, false, task.stored);
  const bytes = codec.expand(frame, task.unpacked);
  for (const used of [frame, task.stored]) releaseBytes(used);
  const bad =
    task.checks.length === 0 ? NOTHING : task.checks.filter((check) => !matches(bytes, check)).map((c) => c.path);
  return { bytes: task.keep ? ownBytes(bytes) : new Uint8Array(0), bad };
}

function matches(bytes: Uint8Array, check: { offset: number; size: number; sha256: string }): boolean {
  const content = bytes.subarray(check.offset, check.offset + check.size);
  return content.length === check.size && createHash("sha256").update(content).digest("hex") === check.sha256;
}
