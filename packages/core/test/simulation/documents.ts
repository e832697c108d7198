// What the simulation's observer knows of a site's documents, without the code under test.

const MANIFEST = /^backups\/([^/]+)\/manifest\.json$/;

/** The backup that a key is the manifest of. */
export function manifestOf(key: string): string | null {
  return MANIFEST.exec(key)?.[1] ?? null;
}

/** A document of an unencrypted site, as JSON. */
export function parse(bytes: Uint8Array): Record<string, unknown> {
  return JSON.parse(Buffer.from(bytes).toString("utf8")) as Record<string, unknown>;
}

/** A part as an unencrypted manifest tells of it. */
export interface SeenPart {
  readonly source: string;
  readonly objects: readonly { readonly name: string; readonly size: number; readonly sha256: string }[];
}

/** What the observer takes from a manifest. */
export interface SeenManifest {
  readonly run: number | null;
  readonly parts: readonly SeenPart[];
}

/** Reads an unencrypted manifest. */
export function seeManifest(bytes: Uint8Array): SeenManifest {
  const { parts, details } = parse(bytes) as {
    parts: SeenPart[];
    details: { parts: { description: { run?: number } }[] };
  };
  return { run: details.parts[0]?.description.run ?? null, parts };
}

/** The sessions that fences name: one document each, or many in one. */
export function fencedBy(key: string, bytes: Uint8Array): readonly string[] {
  const { id, ids, details } = parse(bytes) as { id?: string; ids?: string[]; details?: { ids?: string[] } };
  return [...(ids ?? []), ...(details?.ids ?? []), ...(id === undefined ? [] : [id]), key.slice(7, -5)];
}
