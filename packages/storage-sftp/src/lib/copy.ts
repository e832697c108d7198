import type { AbortOptions } from "@lifeboat/contracts";
import { missing } from "./errors.ts";
import { Refusal } from "./lost.ts";
import type { Parts } from "./parts.ts";
import { placeOf } from "./place.ts";
import { publish } from "./publish.ts";
import { hardLink, look, removeFile } from "./requests.ts";

const OPERATION = "storage.copy";

/** Gives an object a second key by a hard link; objects are replaced, never changed, so the two stay apart. */
export async function copy({ settings, line, ground }: Parts, from: string, to: string, { signal }: AbortOptions) {
  const source = placeOf(settings.root, from, OPERATION);
  const place = placeOf(settings.root, to, OPERATION);
  const abilities = await ground.abilities();
  await line.run(async (on) => {
    const found = await look(on, source.file);
    if (found?.type !== "file") throw missing(from, OPERATION);
    const temporary = await ground.reserve(on, OPERATION);
    try {
      await hardLink(on, source.file, temporary);
    } catch (error) {
      if (error instanceof Refusal && (await look(on, source.file)) === null) throw missing(from, OPERATION);
      throw error;
    }
    try {
      signal?.throwIfAborted();
      const { size } = found;
      await publish(on, {
        operation: OPERATION,
        temporary,
        place,
        size,
        ifAbsent: false,
        abilities,
        signal,
        again: false,
      });
    } finally {
      await removeFile(on, temporary); // renaming onto another link to the same file leaves the first name
    }
  }, signal);
}
