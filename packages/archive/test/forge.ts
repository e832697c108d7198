import { createHash } from "node:crypto";
import type { Manifest, PartInfo } from "@lifeboat/contracts";
import { openCodec, setupCodec } from "@lifeboat/frames";
import { openManifests } from "@lifeboat/manifests";
import { encodeMetadata } from "../src/lib/metadata.ts";
import { CONTENT } from "../src/lib/segment-plan.ts";
import { wrapTable } from "../src/lib/table.ts";
import { padding, tarHeader } from "../src/lib/tar/header.ts";
import { APP, ID, STARTED, site } from "./support.ts";

/** One segment of a part made by hand. */
export interface ForgedSegment {
  readonly content: number;
  readonly expanded: Uint8Array;
}

/** What a forged part claims of itself. */
export interface Forgery {
  /** Index lines, in whatever form a forger likes. */
  readonly rows: readonly unknown[];
  /** The data segments. Default: one with "hello" at offset 512. */
  readonly data?: readonly Uint8Array[];
  readonly size?: number;
  readonly entries?: number;
  /** Changes the expanded lengths of the table. */
  readonly claim?: (unpacked: number, content: number) => number;
}

export const HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/** A plain archive as somebody else would write it, with a manifest that fits. */
export async function forge({
  rows,
  data = [helloSegment()],
  size = 5,
  entries = rows.length,
  claim = (n) => n,
}: Forgery) {
  const codec = await openCodec(await setupCodec("zstd", 1));
  const index = new TextEncoder().encode(
    rows.map((row) => `${typeof row === "string" ? row : JSON.stringify(row)}\n`).join(""),
  );
  const segments: ForgedSegment[] = [
    { content: CONTENT.metadata, expanded: metadataSegment() },
    ...data.map((expanded) => ({ content: CONTENT.data, expanded })),
    {
      content: CONTENT.index,
      expanded: Buffer.concat([tarHeader(indexEntry(index.length)), index, Buffer.alloc(512)]),
    },
  ];
  const frames = segments.map(({ expanded }) => codec.compress(expanded).slice());
  const table = segments.map(({ content, expanded }, n) => ({
    length: frames[n]!.length,
    unpackedLength: claim(expanded.length, content),
    tag: content,
  }));
  const offset = frames.reduce((sum, frame) => sum + frame.length, 0);
  const object = Buffer.concat([...frames, wrapTable("zstd", table, offset)]);
  const context = site({ sealed: false, threads: 0 });
  const name = "data.tar.zst";
  await context.storage.put(`backups/${ID}/${name}`, object);
  const part: PartInfo = {
    source: "data",
    description: {},
    counts: { files: entries, directories: 0, links: 0 },
    size,
    storedSize: object.length,
    objects: [{ name, size: object.length, sha256: createHash("sha256").update(object).digest("hex") }],
    problemCount: 0,
  };
  const manifest: Manifest = {
    id: ID,
    siteId: context.siteId,
    format: "archive",
    trigger: "manual",
    started: STARTED,
    finished: STARTED,
    app: APP,
    parts: [part],
    problems: [],
  };
  await openManifests(context).commit(manifest);
  return context;
}

function metadataSegment(): Uint8Array {
  const backup = { id: ID, trigger: "manual", started: STARTED, app: APP, sources: ["data"] } as const;
  const text = encodeMetadata("site-1", backup, { source: "data", description: {} });
  const header = { path: ".lifeboat/metadata.json", type: "file", size: text.length, mode: 0o600, mtimeMs: 0 } as const;
  return Buffer.concat([tarHeader(header), text, Buffer.alloc(padding(text.length))]);
}

function helloSegment(): Uint8Array {
  return Buffer.concat([
    tarHeader({ path: "hello", type: "file", size: 5, mode: 0o644, mtimeMs: 0 }),
    Buffer.from("hello"),
    Buffer.alloc(507),
  ]);
}

function indexEntry(size: number) {
  return { path: ".lifeboat/index/000000", type: "file", size, mode: 0o600, mtimeMs: 0 } as const;
}
