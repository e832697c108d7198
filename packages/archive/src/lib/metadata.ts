import { Readable } from "node:stream";
import {
  type AppInfo,
  type BackupStart,
  isLifeboatError,
  type Json,
  LifeboatError,
  type PartStart,
  type RunInfo,
  type Trigger,
} from "@lifeboat/contracts";
import { collectBytes } from "@lifeboat/frames";
import { fieldReader, readRunFields, runFields } from "@lifeboat/manifests";
import { OWN_FOLDER } from "./limits.ts";

/** `.lifeboat/metadata.json`, the first entry of a part: what a lost manifest is made anew from. */
export interface PartMetadata {
  readonly backup: {
    readonly id: string;
    readonly siteId: string;
    readonly trigger: Trigger;
    readonly started: Date;
    readonly app: AppInfo;
    readonly run?: RunInfo;
    readonly sources: readonly string[];
  };
  readonly part: PartStart;
}

/** The metadata as the text of its file. */
export function encodeMetadata(
  siteId: string,
  { id, trigger, started, app, run, sources }: BackupStart,
  part: PartStart,
): Uint8Array {
  const by = run === undefined ? {} : { run: runFields(run) };
  const backup = { id, siteId, trigger, started: started.toISOString(), app, ...by, sources };
  return new TextEncoder().encode(`${JSON.stringify({ lifeboat: 1, backup, part }, null, 2)}\n`);
}

/**
 * The metadata inside a part's first segment, which is a tar of that one file.
 *
 * @throws CORRUPT where there is none, or it is not what it should be
 */
export async function readMetadata(key: string, segment: Uint8Array): Promise<PartMetadata> {
  const text = await firstFile(segment).catch((cause: unknown) => {
    throw badMetadata(key, "its first entry can't be read", cause);
  });
  if (text === null) throw badMetadata(key, `its first entry is not ${OWN_FOLDER}/metadata.json`);
  try {
    return checkMetadata(key, JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text)));
  } catch (cause) {
    if (isLifeboatError(cause)) throw cause;
    throw badMetadata(key, "it is not JSON", cause);
  }
}

async function firstFile(tar: Uint8Array): Promise<Uint8Array | null> {
  const { extract } = await import("tar-stream"); // needed by hardly anybody
  const reader = Readable.from([Buffer.from(tar)]).pipe(extract());
  for await (const entry of reader) {
    if (entry.header.name !== `${OWN_FOLDER}/metadata.json`) return null;
    return collectBytes(entry as AsyncIterable<Uint8Array>);
  }
  return null;
}

function checkMetadata(key: string, value: unknown): PartMetadata {
  const { lifeboat, backup, part } = value as {
    lifeboat?: unknown;
    backup?: Record<string, unknown>;
    part?: Record<string, unknown>;
  };
  if (lifeboat !== 1) {
    throw new LifeboatError({
      code: "UNSUPPORTED",
      operation: "archive.metadata",
      key,
      message: `Expected metadata of version 1 in ${key}, found ${JSON.stringify(lifeboat)}.`,
      hint: "Update Lifeboat.",
    });
  }
  const started = new Date(String(backup?.started));
  const { id, siteId, trigger, app, sources } = backup ?? {};
  const texts = [
    id,
    siteId,
    trigger,
    (app as AppInfo | undefined)?.name,
    (app as AppInfo | undefined)?.version,
    part?.source,
  ];
  const isList = Array.isArray(sources) && sources.every((source) => typeof source === "string");
  if (!texts.every((text) => typeof text === "string") || !isList || Number.isNaN(started.getTime())) {
    throw badMetadata(key, "a member is missing or of the wrong type");
  }
  const run = backup?.run === undefined ? {} : { run: readRunFields(backup.run, "backup.run", readerOf(key)) };
  const description = (part?.description ?? {}) as Readonly<Record<string, Json>>;
  return {
    backup: { id, siteId, trigger, started, app, ...run, sources } as PartMetadata["backup"],
    part: { ...(part as unknown as PartStart), description },
  };
}

function readerOf(key: string) {
  return fieldReader("archive.metadata", key);
}

function badMetadata(key: string, problem: string, cause?: unknown): LifeboatError {
  return new LifeboatError({
    code: "CORRUPT",
    operation: "archive.metadata",
    key,
    message: `The metadata inside ${key} can't be used: ${problem}.`,
    cause,
  });
}
