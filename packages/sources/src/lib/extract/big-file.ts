import type { RestoredEntry } from "@lifeboat/contracts";
import { blockWriter, openDirect } from "@lifeboat/disk";
import { errnoOf, systemError } from "../errors.ts";
import type { Guard } from "./guard.ts";

/**
 * Streams an entry's content to a descriptor: one write under way while the next
 * pieces are pulled. Stretches of zeros are left out, so that sparse files come back
 * sparse.
 *
 * @throws CORRUPT where there are more or fewer bytes than the entry says; NO_SPACE and the like
 */
export async function streamTo(fd: number, entry: RestoredEntry, guard: Guard, signal: AbortSignal): Promise<void> {
  await using out = blockWriter(fd, { sparse: true });
  const written = async <T>(writing: Promise<T>): Promise<T> => {
    try {
      return await writing;
    } catch (error) {
      throw systemError(error, guard.operation, `${entry.path} could not be written`, entry.path);
    }
  };
  for await (const piece of entry.open({ signal, reuse: true })) {
    signal.throwIfAborted();
    if (out.size + piece.length > entry.size) {
      throw guard.refusal("CORRUPT", entry.path, `it holds more than the ${entry.size} bytes that it should`);
    }
    await written(out.write(piece));
  }
  const size = await written(out.end());
  if (size !== entry.size) {
    throw guard.refusal("CORRUPT", entry.path, `it holds ${size} bytes and not the ${entry.size} that it should`);
  }
}

/**
 * Has an entry's content written to a descriptor by whoever unpacks it.
 *
 * @throws CORRUPT where it is not what was backed up, or more than the entry says; NO_SPACE and the like
 */
export async function haveWritten(fd: number, entry: RestoredEntry, guard: Guard, signal: AbortSignal): Promise<void> {
  const direct = await openDirect(fd);
  try {
    await entry.writeTo?.({ fd, directFd: direct?.fd }, { signal });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw systemError(error, guard.operation, `${entry.path} could not be written`, entry.path);
  } finally {
    await direct?.close();
  }
}
