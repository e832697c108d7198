import type { Storage, StorageCapabilities } from "@lifeboat/contracts";

type Copy = NonNullable<Storage["copy"]>;
type Space = NonNullable<Storage["space"]>;

/** What a decorator replaces; everything else is passed on. */
export interface Decoration extends Partial<Pick<Storage, "put" | "get" | "stat" | "list" | "delete">> {
  /** Asked only where the inner storage has the method; `null` takes it away. */
  readonly copy?: ((copy: Copy) => Copy) | null;
  readonly space?: (space: Space) => Space;
  /** `null` takes it away. */
  readonly sweep?: null;
  readonly capabilities?: (inner: StorageCapabilities) => StorageCapabilities;
  readonly localDirectory?: (inner: string) => string;
}

/**
 * A storage with some of its methods replaced. Capabilities, `copy` and `space` are
 * looked for each time: a storage may learn what it can do as it goes. Disposing
 * disposes of the inner one.
 */
export function decorated(inner: Storage, decoration: Decoration): Storage {
  const { copy = (passed) => passed, space = (passed) => passed, capabilities, localDirectory } = decoration;
  const storage: Storage = {
    get name() {
      return inner.name;
    },
    get capabilities() {
      return capabilities === undefined ? inner.capabilities : capabilities(inner.capabilities);
    },
    get localDirectory() {
      const at = inner.localDirectory;
      return at === undefined || localDirectory === undefined ? at : localDirectory(at);
    },
    put: decoration.put ?? ((key, body, o) => inner.put(key, body, o)),
    get: decoration.get ?? ((key, o) => inner.get(key, o)),
    stat: decoration.stat ?? ((key, o) => inner.stat(key, o)),
    list: decoration.list ?? ((prefix, o) => inner.list(prefix, o)),
    delete: decoration.delete ?? ((keys, o) => inner.delete(keys, o)),
    // What replaces `get` has its reasons: they hold for the files of objects as well.
    ...(inner.openFile === undefined || decoration.get !== undefined
      ? {}
      : { openFile: (key, o) => inner.openFile?.(key, o) ?? Promise.reject(new Error("It cannot be opened.")) }),
    ...(inner.connect === undefined ? {} : { connect: (o) => inner.connect?.(o) ?? Promise.resolve() }),
    ...(inner.sweep === undefined || decoration.sweep === null
      ? {}
      : { sweep: (o) => inner.sweep?.(o) ?? Promise.resolve(0) }),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
  const late = (name: "copy" | "space", get: () => unknown) => {
    Object.defineProperty(storage, name, { get, enumerable: true, configurable: true });
  };
  late("copy", () => (inner.copy === undefined || copy === null ? undefined : copy(inner.copy.bind(inner))));
  late("space", () => inner.space && space(inner.space.bind(inner)));
  return storage;
}
