import { createHash } from "node:crypto";
import type { Manifest, SiteContext, Storage } from "@lifeboat/contracts";
import { openManifests } from "@lifeboat/manifests";
import { type DedupSite, openDedupSite } from "../src/lib/dedup-site.ts";
import { putIndex } from "../src/lib/index/writer.ts";
import { encodePartObject, partName } from "../src/lib/list/part-object.ts";
import type { Body } from "../src/lib/list/refs.ts";
import { KEY } from "./support.ts";
import { type Given, type WriteOptions, WrittenSite } from "./written.ts";

/** Ids of backups, in the order of time. */
export const backupId = (n: number) => `2026-11-20T02-00-00.${String(n).padStart(3, "0")}Z-manual-7f3a`;

/** A site with whole backups in it: packs, index, parts and manifests. */
export class PruneSite extends WrittenSite {
  readonly context: SiteContext;

  constructor(options: WriteOptions = {}) {
    super(options);
    const secret = { key: KEY.siteKey, suite: 1, keyBlock: new Uint8Array(0) } as const;
    this.context = { name: "local", siteId: "0".repeat(32), storage: this.storage, secret, threads: 0 };
  }

  /** The site as a prune has it, over another storage if there is one in between. */
  open(storage: Storage = this.storage): Promise<DedupSite> {
    return openDedupSite({ ...this.context, storage });
  }

  /** Makes a backup of texts by their paths; every chunk is stored anew in packs of its own. */
  async backup(n: number, texts: Readonly<Record<string, string>>): Promise<Manifest> {
    const before = this.packs.length;
    const given: Given[] = Object.entries(texts).map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
    const { part, root } = await this.putPart(given);
    const { tools } = await this.open();
    await putIndex(this.storage, tools, this.packs.slice(before));
    return this.commit(n, part, root);
  }

  /** Puts a part object and a manifest. */
  async commit(n: number, part: Awaited<ReturnType<WrittenSite["putPart"]>>["part"], root: Body): Promise<Manifest> {
    const id = backupId(n);
    const { source, counts, size } = part;
    const start = { trigger: "manual", started: new Date(0), app: { name: "nvr", version: "1" } } as const;
    const bytes = await encodePartObject(KEY, {
      backup: { id, siteId: this.context.siteId, ...start, sources: [source] },
      part: { source, description: {} },
      list: { ...root, counts, size, storedSize: 0, packs: [] },
    });
    await this.storage.put(`backups/${id}/${partName(source)}`, bytes);
    const object = {
      name: partName(source),
      size: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    };
    const manifest: Manifest = {
      id,
      siteId: this.context.siteId,
      format: "dedup",
      ...start,
      finished: new Date(1),
      parts: [{ source, description: {}, counts, size, storedSize: 0, objects: [object], problemCount: 0 }],
      problems: [],
    };
    await openManifests(this.context).commit(manifest);
    return manifest;
  }

  async keys(prefix = ""): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of this.storage.list(prefix)) found.push(key);
    return found.sort();
  }
}
