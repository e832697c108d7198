import type { Storage, StorageCapabilities } from "@lifeboat/contracts";

type Copy = NonNullable<Storage["copy"]>;
type Space = NonNullable<Storage["space"]>;

/** What a decorator replaces; everything else is passed on. */
export interface Decoration extends Partial<Pick<Storage, "put" | "get" | "stat" | "list" | "delete">> {
  /** Asked only where the inner storage has the method; `null` takes it away. */
  readonly copy?: ((copy: Copy) => Copy) | null;
  readonly space?: (space: Space) => Space;
  readonly capabilities?: (inner: StorageCapabilities) => StorageCapabilities;
  readonly localDirectory?: (inner: string) => string;
}

/**
 * A storage with some of its methods replaced. Capabilities are asked for each
 * time: a storage may learn them as it goes. Disposing disposes of the inner one.
 */
export function decorated(inner: Storage, decoration: Decoration): Storage {
  const { copy = (passed) => passed, space = (passed) => passed, capabilities, localDirectory } = decoration;
  const innerCopy = inner.copy?.bind(inner);
  const innerSpace = inner.space?.bind(inner);
  return {
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
    ...(innerCopy === undefined || copy === null ? {} : { copy: copy(innerCopy) }),
    ...(innerSpace === undefined ? {} : { space: space(innerSpace) }),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}
