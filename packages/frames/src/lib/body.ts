import { type EntryInfo, isLifeboatError, type ProblemReport, type SourceEntry } from "@lifeboat/contracts";

/**
 * A body cut into pieces of a fixed length, each in a buffer of its own; only the last may be shorter. A body that
 * is said to be small takes no more memory than that, unless it turns out to be larger.
 */
async function* pieces(
  body: AsyncIterable<Uint8Array>,
  length: number,
  expected: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let room = new Uint8Array(Math.min(length, expected));
  let filled = 0;
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + length - filled);
      if (filled + part.length > room.length) room = grown(room.subarray(0, filled), length, filled + part.length);
      room.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === length) {
        yield room;
        room = new Uint8Array(length);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield filled === room.length ? room : room.slice(0, filled);
}

function grown(room: Uint8Array, most: number, least: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.min(most, Math.max(2 * room.length, least)));
  larger.set(room);
  return larger;
}

/** Room for a body whose size nobody knows. */
const UNKNOWN_SIZE = 64 << 10;

/** What the beginning of a body showed. */
export type BodyStart =
  | { readonly kind: "whole"; readonly bytes: Uint8Array<ArrayBuffer> }
  | {
      readonly kind: "more";
      readonly first: Uint8Array<ArrayBuffer>;
      readonly rest: AsyncGenerator<Uint8Array<ArrayBuffer>>;
    }
  | { readonly kind: "unreadable"; readonly problem: ProblemReport };

/**
 * Opens a body and reads its first piece. That it is absent or refused right at
 * the start concerns this entry alone; a body that fails later fails the run, for
 * then the source itself is in trouble.
 */
export async function startBody(
  entry: SourceEntry,
  length: number,
  signal: AbortSignal | undefined,
): Promise<BodyStart> {
  const rest = pieces(entry.open?.({ signal }) ?? nothing(), length, entry.size ?? UNKNOWN_SIZE);
  try {
    const first = await rest.next();
    if (first.done === true) return { kind: "whole", bytes: new Uint8Array(0) };
    if (first.value.length < length) {
      await rest.return(undefined);
      return { kind: "whole", bytes: first.value };
    }
    return { kind: "more", first: first.value, rest };
  } catch (error) {
    if (signal?.aborted === true) throw error;
    const problem = refusal(entry, error);
    if (problem === null) throw error;
    return { kind: "unreadable", problem };
  }
}

function refusal(entry: Pick<EntryInfo, "path">, error: unknown): ProblemReport | null {
  if (!isLifeboatError(error)) return null;
  if (error.code !== "NOT_FOUND" && error.code !== "PERMISSION_DENIED") return null;
  return { path: entry.path, code: error.code, message: error.message };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Pieces of a whole that is at hand already. */
export function cut(bytes: Uint8Array, length: number): Uint8Array[] {
  const list: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += length) list.push(bytes.subarray(at, at + length));
  return list;
}
