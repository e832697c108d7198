import type { BackupStart, PartInfo, PartOptions, PartStart, SiteContext, SourceEntry } from "@lifeboat/contracts";
import { beginSeal, SealedKind } from "@lifeboat/crypto";
import type { CodecName } from "@lifeboat/frames";
import { backupKey } from "@lifeboat/manifests";
import { encodeMetadata } from "./metadata.ts";
import { PartEncoder } from "./part-encoder.ts";
import { partName } from "./part-layout.ts";
import { partThreads } from "./part-threads.ts";

/** How parts are compressed. */
export interface Compression {
  readonly codec: CodecName;
  readonly level: number;
}

/** Writes one source's entries as an object, and says what it holds. */
export async function writePart(
  site: SiteContext,
  compression: Compression,
  backup: BackupStart,
  start: PartStart,
  entries: AsyncIterable<SourceEntry>,
  options: PartOptions,
): Promise<PartInfo> {
  const { codec, level } = compression;
  const { secret } = site;
  const sealing =
    secret === null
      ? null
      : beginSeal({
          kind: SealedKind.archivePart,
          suite: secret.suite,
          siteKey: secret.key,
          keyBlock: secret.keyBlock,
        });
  const name = partName({ source: start.source, codec, sealed: secret !== null });
  let problemCount = 0;
  const report: NonNullable<PartOptions["onProblem"]> = (problem) => {
    problemCount += 1;
    options.onProblem?.(problem);
  };

  const threads = await partThreads(site.threads, codec, level, sealing?.state ?? null);
  const metadata = encodeMetadata(site.siteId, backup, start);
  const setup = { codec, sealing, threads, metadata, startedMs: backup.started.getTime() };
  const encoder = new PartEncoder(setup, report, options);
  try {
    const body = withProgress(encoder, encoder.bytes(entries), options);
    const stored = await site.storage.put(backupKey(backup.id, name), body, { signal: options.signal });
    const { line } = encoder;
    const object = { name, size: stored.size, sha256: await line.sha256() };
    return {
      ...present(start),
      counts: line.counts,
      size: line.bytes,
      storedSize: stored.size,
      objects: [object],
      problemCount,
    };
  } finally {
    await threads[Symbol.asyncDispose]();
    await encoder.close();
  }
}

async function* withProgress(encoder: PartEncoder, body: AsyncIterable<Uint8Array>, { onProgress }: PartOptions) {
  for await (const bytes of body) {
    yield bytes;
    const { entries, bytes: done, storedBytes } = encoder.line;
    onProgress?.({ entries, bytes: done, storedBytes });
  }
}

function present({ source, title, version, description, sections, folders, scope }: PartStart) {
  return {
    source,
    description,
    ...(title === undefined ? {} : { title }),
    ...(version === undefined ? {} : { version }),
    ...(sections === undefined ? {} : { sections }),
    ...(folders === undefined ? {} : { folders }),
    ...(scope === undefined ? {} : { scope }),
  };
}
