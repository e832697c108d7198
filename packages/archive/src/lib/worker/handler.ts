import { createHash, type Hash } from "node:crypto";
import { openCodec } from "@lifeboat/frames";
import { type Handler, Transfer } from "@lifeboat/threads";
import { SEGMENT_BYTES } from "../limits.ts";
import { Packer } from "./pack.ts";
import type { Result, Task, ThreadSetup } from "./tasks.ts";
import { Unpacker } from "./unpack.ts";

/** What answers the tasks of a part, in a worker thread or on the calling one. */
export async function startHandler({ codec: setup, seal }: ThreadSetup): Promise<Handler<Task, Result>> {
  const codec = await openCodec(setup);
  const digests = new Map<number, Hash>();
  const unpacker = new Unpacker(codec, seal);
  let packer: Packer | undefined;

  return (task) => {
    switch (task.op) {
      case "pack": {
        packer ??= new Packer(codec, seal, SEGMENT_BYTES);
        const packed = packer.pack(task);
        return new Transfer<Result>(packed, [
          packed.stored.buffer,
          ...packed.pieces.map((piece) => piece.bytes.buffer),
        ]);
      }
      case "unpack": {
        const unpacked = unpacker.unpack(task);
        const { stored, bytes } = unpacked;
        const moved = [stored, bytes].flatMap((each) => (each === undefined ? [] : [each.buffer]));
        return new Transfer<Result>(unpacked, moved);
      }
      case "digest": {
        const { id, bytes, start, end } = task;
        const digest = digests.get(id) ?? createHash("sha256");
        digests.set(id, digest);
        digest.update(bytes.subarray(start, end));
        return new Transfer<Result>(bytes, [bytes.buffer]); // the task's own: it came by transfer or clone
      }
      case "digest-end": {
        const digest = digests.get(task.id) ?? createHash("sha256");
        digests.delete(task.id);
        return digest.digest("hex");
      }
    }
  };
}
