import { dedup } from "@lifeboat/dedup";
import type { HeldObject, Inspector, SimulationSubject } from "@lifeboat/testkit";
import {
  chunksOfPack,
  listOfPart,
  packsOfIndex,
  prepareDecoder,
  rowsOfBlock,
  type SeenChunk,
} from "./dedup-decoder.ts";
import { fencedBy, manifestOf, type SeenManifest, seeManifest } from "./documents.ts";
import { engineOf, presumeDead } from "./engine.ts";

const PLACES = ["manifest.json", "packs/", "index/", "backups/", "condemned/", "fenced/", "locks/", ".list.sealed"];
const KEPT = ["lifeboat.json", "lifeboat.copy.json"];
/** As small as they get. */
const CHUNKS = { min: 64, average: 4096, max: 16_384 };

/** The engine with the dedup format. */
export const dedupSubject: SimulationSubject = {
  name: "dedup",
  climate: { places: PLACES },
  abilities: ["prune"],
  prepare: prepareDecoder,
  open: (host) => {
    const format = dedup({ chunks: CHUNKS });
    const open = (site: Parameters<typeof format.open>[0]) => ({
      ...format.open(site),
      verify: async () => ({ entries: 0, bytes: 0, storedBytes: 0 }),
    });
    return engineOf(host, { ...format, open } as typeof format);
  },
  inspect,
  presumeDead,
};

const packOf = (key: string) => /^packs\/[0-9a-f]{2}\/([0-9a-f]{32})$/.exec(key)?.[1] ?? null;

function inspect(objects: ReadonlyMap<string, HeldObject>): Inspector {
  const manifests = new Map<string, SeenManifest>();
  const fenced = new Map<string, readonly string[]>();
  /** Packs that were ever put: an id is never used twice. */
  const packs = new Map<string, ReadonlyMap<string, SeenChunk>>();
  const indexes = new Map<string, readonly string[]>();
  const needed = new Map<string, ReadonlySet<string>>();

  const isThere = (pack: string) => objects.has(`packs/${pack.slice(0, 2)}/${pack}`);

  /** The packs that are there and in an index that is there. */
  function reachable(): Set<string> {
    const named = new Set<string>();
    for (const ids of indexes.values()) for (const id of ids) if (isThere(id)) named.add(id);
    return named;
  }

  function find(id: string, among: Iterable<string>): SeenChunk | undefined {
    for (const pack of among) {
      const chunk = packs.get(pack)?.get(id);
      if (chunk !== undefined) return chunk;
    }
    return undefined;
  }

  /** The blocks of a backup's lists; `null` where some can't be read. */
  function blocksOf(id: string, among: ReadonlySet<string>): { id: string; chunk: SeenChunk }[] | null {
    const blocks: { id: string; chunk: SeenChunk }[] = [];
    for (const { objects: parts } of manifests.get(id)?.parts ?? []) {
      for (const { name } of parts) {
        const part = objects.get(`backups/${id}/${name}`);
        if (part === undefined) return null;
        for (const block of listOfPart(part.bytes)) {
          const chunk = find(block, among);
          if (chunk === undefined) return null;
          blocks.push({ id: block, chunk });
        }
      }
    }
    return blocks;
  }

  /** The chunks that a backup needs; `null` as long as its lists can't be read. */
  function needs(id: string, among: ReadonlySet<string>): ReadonlySet<string> | null {
    const known = needed.get(id);
    if (known !== undefined) return known;
    const blocks = blocksOf(id, among);
    if (blocks === null) return null;
    const ids = new Set<string>();
    for (const block of blocks) {
      ids.add(block.id);
      for (const row of rowsOfBlock(block.chunk.read())) for (const chunk of row.chunks) ids.add(chunk);
    }
    needed.set(id, ids);
    return ids;
  }

  return {
    manifestOf,
    changed(key, bytes) {
      const id = manifestOf(key);
      if (id !== null && bytes !== null) manifests.set(id, seeManifest(bytes));
      const pack = packOf(key);
      if (pack !== null && bytes !== null)
        packs.set(pack, new Map(chunksOfPack(bytes).map((chunk) => [chunk.id, chunk])));
      const [known, read] = key.startsWith("index/")
        ? [indexes, packsOfIndex]
        : [fenced, (b: Uint8Array) => fencedBy(key, b)];
      if (!key.startsWith("index/") && !key.startsWith("fenced/")) return;
      if (bytes === null) known.delete(key);
      else known.set(key, read(bytes));
    },
    runOf: (id) => manifests.get(id)?.run ?? null,
    isFenced: (id) => Array.from(fenced.values()).some((ids) => ids.includes(id)),
    missing(id) {
      const missing: string[] = [];
      for (const { objects: parts } of manifests.get(id)?.parts ?? []) {
        for (const { name, size } of parts) {
          if (objects.get(`backups/${id}/${name}`)?.bytes.length !== size) missing.push(name);
        }
      }
      const among = reachable();
      const ids = needs(id, among);
      if (ids === null) return [...missing, "chunks of its list"];
      for (const chunk of ids) if (find(chunk, among) === undefined) missing.push(`chunk ${chunk.slice(0, 8)}`);
      return missing;
    },
    filesOf(id) {
      const among = reachable();
      const files = new Map<string, Uint8Array>();
      const blocks = blocksOf(id, among);
      if (blocks === null) return null;
      for (const { chunk } of blocks) {
        for (const { path, chunks } of rowsOfBlock(chunk.read())) {
          const pieces = chunks.map((each) => find(each, among)?.read());
          if (pieces.includes(undefined)) return null;
          files.set(path, Buffer.concat(pieces.filter((piece) => piece !== undefined)));
        }
      }
      return files;
    },
    garbage() {
      const among = reachable();
      // A folder without a manifest counts with its parts: it may have lost it.
      const live = new Set<string>();
      for (const [key, { bytes }] of objects) {
        if (!key.startsWith("backups/") || !key.endsWith(".list.sealed")) continue;
        for (const block of listOfPart(bytes)) {
          live.add(block);
          const rows = find(block, among)?.read();
          for (const row of rows === undefined ? [] : rowsOfBlock(rows))
            for (const chunk of row.chunks) live.add(chunk);
        }
      }
      return Array.from(objects.keys()).filter((key) => {
        if (KEPT.includes(key) || key.startsWith("fenced/") || key.startsWith("verified/")) return false;
        const pack = packOf(key);
        if (pack !== null) return !Array.from(packs.get(pack)?.keys() ?? []).some((chunk) => live.has(chunk));
        if (key.startsWith("index/")) return false; // a sleeper may put one that names packs long gone: it does no harm
        if (!key.startsWith("backups/")) return true;
        const id = key.split("/")[1] ?? "";
        const isRemains = objects.get(key)?.late === true || this.isFenced(id);
        return !objects.has(`backups/${id}/manifest.json`) && !isRemains;
      });
    },
  };
}
