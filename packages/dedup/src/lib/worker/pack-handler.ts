import { openCodec } from "@lifeboat/frames";
import { type Handler, Transfer } from "@lifeboat/threads";
import { AttachedTables, type ChunkClaims } from "../index/chunk-tables.ts";
import { Packer } from "./packer.ts";
import type { PackResult, PackSetup, PackTask } from "./tasks.ts";

/**
 * What answers the tasks of writing, in a worker thread or on the calling one.
 *
 * @param own the tables themselves, on the thread that owns them
 */
export async function startPackHandler(setup: PackSetup, own?: ChunkClaims): Promise<Handler<PackTask, PackResult>> {
  const attached = new AttachedTables();
  const tables = own ?? attached;
  const packer = new Packer(setup, await openCodec(setup.codec), (id) => tables.claim(id));
  return (task) => {
    if (own === undefined && task.op !== "scan" && task.index !== null) attached.attach(task.index);
    const result = answer(packer, task);
    return new Transfer(result, buffersOf(result));
  };
}

function answer(packer: Packer, task: PackTask): PackResult {
  switch (task.op) {
    case "files":
      return packer.files(task);
    case "scan":
      return packer.scan(task);
    case "stretch":
      return packer.stretch(task);
    case "stream":
      return packer.stream(task);
    case "store":
      return packer.store(task);
    case "flush":
      return packer.flush(task);
  }
}

/** The memory that moves; what shares its buffer with others is copied. */
function buffersOf({ pieces, lengths, ids }: PackResult): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  const add = ({ buffer, byteLength }: Uint8Array | Uint32Array) => {
    const whole = byteLength === buffer.byteLength || buffer.byteLength >= WORTH_MOVING;
    if (whole && buffer instanceof ArrayBuffer && byteLength > 0) buffers.add(buffer);
  };
  for (const { bytes } of pieces) for (const piece of bytes) add(piece);
  add(lengths);
  add(ids);
  return [...buffers];
}

/** Node's own pool of small buffers is smaller than this. */
const WORTH_MOVING = 64 * 1024;
