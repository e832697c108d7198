import { type EntryInfo, isLifeboatError, type Json, LifeboatError, type RestoredEntry } from "@lifeboat/contracts";
import { isContent } from "./compare/is-content.ts";
import { type CommonOptions, commonMembers, type NamedSource } from "./options.ts";
import { restoreAsFile, singleChecks, withOnly } from "./single.ts";

/** Options of {@link json}. */
export interface JsonOptions extends CommonOptions {
  /** The host's state, as a value that JSON can carry. */
  readonly dump: () => Json | Promise<Json>;
  /** Takes the state back. */
  readonly load: (value: Json) => void | Promise<void>;
  /** The most that {@link load} is given, in bytes of JSON. Default: 256 MiB. */
  readonly maxBytes?: number | undefined;
}

const MAX_BYTES = 256 * 1024 * 1024;
const OWNER_ONLY = 0o600;

/**
 * A source that is the host's exported state: one entry, `<id>.json`. A restore calls
 * `load`; one to another place writes the file instead. In mode `missing` the state
 * counts as there, and is left alone.
 *
 * `entries` throws SOURCE_FAILED where `dump` throws, or answers what JSON cannot carry.
 * `restore` throws CORRUPT for what is no JSON, INVALID for more than `maxBytes`, and
 * SOURCE_FAILED where `load` throws.
 *
 * @throws INVALID for an id that cannot be used
 */
export function json<const Id extends string>(id: Id, options: JsonOptions): NamedSource<Id> {
  const path = `${id}.json`;
  const maxBytes = options.maxBytes ?? MAX_BYTES;
  const operation = "source.json";

  async function dump(): Promise<Buffer> {
    const value = await hosts(`The state of ${id} could not be exported`, options.dump);
    return hosts(`The state of ${id} cannot be written as JSON`, () => Buffer.from(encode(value)));
  }

  async function hosts<T>(what: string, call: () => T | Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (isLifeboatError(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new LifeboatError({
        code: "SOURCE_FAILED",
        operation,
        key: id,
        message: `${what}: ${reason}`,
        cause: error,
      });
    }
  }

  async function isLive(entry: EntryInfo, signal: AbortSignal): Promise<boolean> {
    const now = await dump();
    async function* bytes() {
      yield now;
    }
    return isContent(entry, bytes(), signal);
  }

  async function load(entry: RestoredEntry, signal: AbortSignal): Promise<void> {
    const value = parse(await content(entry, maxBytes, operation, signal), path, operation);
    await hosts(`The state of ${id} could not be imported`, () => options.load(value));
  }

  return {
    ...commonMembers(id, options),
    check: (context) => singleChecks(context, options),
    async *entries({ signal }) {
      signal.throwIfAborted();
      const bytes = await dump();
      signal.throwIfAborted();
      yield {
        path,
        type: "file",
        size: bytes.length,
        mode: OWNER_ONLY,
        mtimeMs: Date.now(),
        async *open() {
          yield bytes;
        },
      };
    },
    async restore(context, entries) {
      const { to, mode, signal } = context;
      if (to !== undefined) return restoreAsFile(context, to, entries, operation);
      await withOnly(entries, path, context, operation, async (entry) => {
        if (mode !== "missing" && entry.unchanged !== true) await load(entry, signal);
      });
    },
    async *compare({ to, mode, signal }, entries) {
      for await (const entry of entries) {
        const { path: at, size } = entry;
        const same = to === undefined && (mode === "missing" || (await isLive(entry, signal)));
        yield { path: at, action: same ? "unchanged" : "replace", size: same ? 0 : size };
      }
    },
  };
}

/** Two spaces, and a newline at the end. What JSON would drop or bend without a word is refused. */
function encode(value: Json): string {
  const text: unknown = JSON.stringify(value, refuseLoss, 2);
  if (typeof text !== "string") throw new TypeError(`'dump' answered ${typeof value}.`);
  return `${text}\n`;
}

function refuseLoss(key: string, value: unknown): unknown {
  const lossy =
    typeof value === "function" ||
    typeof value === "symbol" ||
    (typeof value === "number" && !Number.isFinite(value)) ||
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Promise ||
    ArrayBuffer.isView(value);
  if (!lossy) return value;
  const kind = typeof value === "object" ? Object.prototype.toString.call(value).slice(8, -1) : String(typeof value);
  throw new TypeError(`The value at ${JSON.stringify(key)} is a ${kind}, which JSON cannot carry.`);
}

function parse(bytes: Uint8Array, path: string, operation: string): Json {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Json;
  } catch {
    // JSON.parse quotes what it read, which may be a secret
    const message = `${path} is not JSON.`;
    const hint = "Restore another backup; this one was altered, or was not made by this source.";

    throw new LifeboatError({ code: "CORRUPT", operation, message, key: path, hint });
  }
}

async function content(
  entry: RestoredEntry,
  maxBytes: number,
  operation: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const refuse = (size: number) => {
    const message = `${entry.path} has ${size} bytes, and the limit is ${maxBytes}.`;
    const hint = "Raise the source's maxBytes, or restore to another place and look at the file.";
    return new LifeboatError({ code: "INVALID", operation, message, key: entry.path, hint });
  };
  if (entry.size > maxBytes) throw refuse(entry.size);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of entry.open({ signal })) {
    size += piece.length;
    if (size > maxBytes) throw refuse(size);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
