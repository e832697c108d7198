import {
  type EntryInfo,
  LifeboatError,
  type RestoreChange,
  type RestoredEntry,
  type Source,
} from "@lifeboat/contracts";
import { sourceSuite } from "@lifeboat/testkit";

/** A source of named texts in memory: the smallest that keeps the contract. */
function texts(data: Map<string, string>): Source {
  async function bytesOf(entry: RestoredEntry): Promise<string> {
    const pieces: Uint8Array[] = [];
    for await (const piece of entry.open()) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  }
  return {
    id: "texts",
    describe: async () => ({ count: data.size, tags: ["a", null] }),
    async *entries({ signal }) {
      for (const [path, text] of data) {
        signal.throwIfAborted();
        const bytes = Buffer.from(text);
        async function* open() {
          yield bytes;
        }
        yield { path, type: "file", mode: 0o600, mtimeMs: 0, size: bytes.length, open };
      }
    },
    async restore({ to, mode, signal }, entries) {
      signal.throwIfAborted();
      if (to !== undefined) throw new LifeboatError({ code: "UNSUPPORTED", operation: "texts", message: "Only here." });
      const fresh = new Map<string, string>();
      for await (const entry of entries) {
        signal.throwIfAborted();
        fresh.set(entry.path, await bytesOf(entry));
      }
      if (mode === "replace") data.clear();
      for (const [path, text] of fresh) if (mode !== "missing" || !data.has(path)) data.set(path, text);
    },
    async *compare(_context, entries): AsyncGenerator<RestoreChange> {
      for await (const { path, size } of entries as AsyncIterable<EntryInfo>) {
        yield { path, size, action: data.has(path) ? "unchanged" : "create" };
      }
    },
  };
}

sourceSuite("a source of texts", {
  async create() {
    const data = new Map<string, string>();
    return {
      source: texts(data),
      async fill() {
        for (const [path, length] of Object.entries({ one: 5, two: 0, "deep/er/three": 40_000 })) {
          data.set(path, "x".repeat(length));
        }
      },
      clear: async () => data.clear(),
      state: async () => Object.fromEntries([...data].sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  },
});
