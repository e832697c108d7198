import { createHash, type Hash } from "node:crypto";
import { type Handler, releaseBytes, Transfer } from "@lifeboat/threads";
import { openCodec } from "../codec/open-codec.ts";
import { SEGMENT_BYTES } from "../limits.ts";
import { Packer } from "./pack.ts";
import type { Result, Task, ThreadSetup } from "./tasks.ts";
import { unpack } from "./unpack.ts";

/** What answers the tasks of a part, in a worker thread or on the calling one. */
export async function startHandler({ codec: setup, seal }: ThreadSetup): Promise<Handler<Task, Result>> {
  const codec = await openCodec(setup);
  const digests = new Map<number, Hash>();
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
        const unpacked = unpack(codec, seal, task);
        return new Transfer<Result>(unpacked, [unpacked.bytes.buffer]);
      }
      case "digest": {
        const digest = digests.get(task.id) ?? createHash("sha256");
        digests.set(task.id, digest);
        digest.update(task.bytes);
        const bytes = task.bytes as Uint8Array<ArrayBuffer>; // the task's own: it came by transfer or clone
        if (task.giveBack) return new Transfer<Result>(bytes, [bytes.buffer]);
        releaseBytes(bytes);
        return null;
      }
      case "digest-end": {
        const digest = digests.get(task.id) ?? createHash("sha256");
        digests.delete(task.id);
        return digest.digest("hex");
      }
    }
  };
}
