import { type Handler, Transfer } from "@lifeboat/threads";
import { openUnpacker, type Unpacked, type UnpackSetup, type UnpackTask } from "./unpack.ts";

/** What answers the tasks of reading, in a worker thread or on the calling one. */
export async function startUnpackHandler(setup: UnpackSetup): Promise<Handler<UnpackTask, Unpacked>> {
  const unpacker = await openUnpacker(setup);
  return (task) => {
    const unpacked = unpacker.unpack(task);
    const { stored, bytes } = unpacked;
    return new Transfer(
      unpacked,
      [stored, bytes].flatMap((moved) => (moved === undefined ? [] : [moved.buffer])),
    );
  };
}
