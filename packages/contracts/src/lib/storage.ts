/** What every call that can take long accepts. */
export interface AbortOptions {
  /** Stops the call; it then rejects with `signal.reason`, unwrapped. */
  readonly signal?: AbortSignal | undefined;
}

/** How the pieces of a body are taken. */
export interface BodyOptions extends AbortOptions {
  /**
   * Whether each piece is used up, or copied, before the next one is pulled: the same
   * memory may then be filled again, which is faster. Default: `false`, pieces are the caller's to keep.
   */
  readonly reuse?: boolean | undefined;
}

/** A half-open span of bytes, `[start, end)`; without `end`, to the object's end. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number | undefined;
}

/** Options of {@link Storage.get}. */
export interface GetOptions extends BodyOptions {
  /**
   * The bytes wanted. A span that reaches past the end yields what there is; one
   * that begins at or past the end yields nothing.
   */
  readonly range?: ByteRange | undefined;
}

/** Options of {@link Storage.put}. */
export interface PutOptions extends AbortOptions {
  /** Only create: rejects with `ALREADY_EXISTS` where the key is taken. Default: `false`. */
  readonly ifAbsent?: boolean | undefined;
}

/** What a storage knows of one object. */
export interface ObjectInfo {
  readonly key: string;
  /** In bytes. */
  readonly size: number;
  /** When it was last written, by the storage's own clock. */
  readonly modified: Date;
}

/** Options of {@link Storage.sweep}. */
export interface SweepOptions extends AbortOptions {
  /** Only what is older than so many milliseconds, by the storage's own clock. Default: a day. */
  readonly olderThan?: number | undefined;
}

/**
 * An object that is open as a file of this machine. Its descriptor belongs to the process, so
 * that any thread can read it, at any place; it is closed by disposing, once none reads any more.
 */
export interface LocalObject extends AsyncDisposable {
  readonly fd: number;
  /** In bytes. */
  readonly size: number;
}

/** Room in a storage, in bytes. */
export interface StorageSpace {
  /** What can still be written. */
  readonly free: number;
  readonly total: number;
}

/** What a storage can do, as data, with its limits. */
export interface StorageCapabilities {
  /**
   * Whether `ifAbsent` is atomic even between machines. Where the other side has to
   * be asked, `false` until {@link Storage.connect} or the first such put has proved it.
   */
  readonly conditionalPut: boolean;
  /** How {@link Storage.copy} works, `false` where it is absent. */
  readonly copy: "server" | "hardlink" | false;
  /** Whether {@link Storage.space} answers. */
  readonly space: boolean;
  /**
   * What may be done to objects; what may not rejects with `PERMISSION_DENIED`.
   * - `read-only`: nothing is written, replaced or deleted
   * - `append-only`: objects are created, but neither replaced nor deleted, save those that the storage excepts
   *
   * Absent: everything. Credentials may allow less than this tells.
   */
  readonly access?: "read-only" | "append-only";
  /** The longest key, in bytes of UTF-8. */
  readonly maxKeyBytes: number;
  /** The longest segment of a key, in bytes of UTF-8; absent where only the whole key is limited. */
  readonly maxSegmentBytes?: number;
  /** The largest object, in bytes. `Infinity` where only the disk limits it. */
  readonly maxObjectBytes: number;
  /** The smallest part of an upload in parts but the last, in bytes; absent where parts do not exist. */
  readonly minPartBytes?: number;
  /** The most parts of an upload in parts; absent where parts do not exist. */
  readonly maxParts?: number;
}

/**
 * Objects at keys. A storage knows bytes and keys, and nothing of backups.
 *
 * Keys are relative, `/`-separated, and valid by {@link assertKey}. Every method
 * throws {@link LifeboatError}s, coded by cause; absence, refusal and damage are
 * never taken for one another. After disposal every call rejects with `INVALID`.
 */
export interface Storage extends AsyncDisposable {
  /** For messages. Never carries a credential. */
  readonly name: string;
  readonly capabilities: StorageCapabilities;
  /**
   * The directory of this machine that the objects lie in, as an absolute path; absent
   * for other storages. Sources leave it out. What wraps a storage passes it on.
   */
  readonly localDirectory?: string | undefined;
  /**
   * Writes an object whole, or not at all: whoever reads the key sees the old
   * bytes or the new ones, even after a crash. Resolves when it is durable. A body
   * that throws leaves the key as it was, and its error is rethrown. A piece is used
   * up before the next one is pulled, so a body may fill the same buffer again.
   *
   * @throws ALREADY_EXISTS with `ifAbsent` where the key is taken; NO_SPACE; PERMISSION_DENIED
   */
  put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options?: PutOptions): Promise<ObjectInfo>;
  /**
   * Reads an object, lazily and with backpressure. The pieces belong to the caller, but for `reuse`.
   *
   * @throws NOT_FOUND on the first pull where the key is absent
   */
  get(key: string, options?: GetOptions): AsyncIterable<Uint8Array>;
  /**
   * Opens an object as a file, so that its bytes need not pass through the event loop. Only for storages whose objects
   * are regular files of this machine, and faster than {@link get}; what limits, delays or changes reads has it not.
   *
   * @throws NOT_FOUND
   */
  openFile?(key: string, options?: AbortOptions): Promise<LocalObject>;
  /** What is at the key, or `null` where it is proven absent. */
  stat(key: string, options?: AbortOptions): Promise<ObjectInfo | null>;
  /** Every object whose key begins with `prefix`, in no promised order. Unfinished puts never show. */
  list(prefix: string, options?: AbortOptions): AsyncIterable<ObjectInfo>;
  /** Deletes objects; a key that is absent is not an error. */
  delete(keys: readonly string[], options?: AbortOptions): Promise<void>;
  /**
   * Copies inside the storage, without the bytes passing through here.
   *
   * @throws NOT_FOUND where `from` is absent
   */
  copy?(from: string, to: string, options?: AbortOptions): Promise<void>;
  /**
   * Reaches the other side and finds out what it can do; `capabilities` are final
   * afterwards. Other calls do this themselves as far as they rely on it.
   */
  connect?(options?: AbortOptions): Promise<void>;
  /**
   * Clears away what interrupted puts left behind where listings do not show it,
   * such as the parts of unfinished uploads, and answers how many there were.
   * Whatever is under way elsewhere must be younger than `olderThan`.
   */
  sweep?(options?: SweepOptions): Promise<number>;
  /** Free and total room. */
  space?(options?: AbortOptions): Promise<StorageSpace>;
}
