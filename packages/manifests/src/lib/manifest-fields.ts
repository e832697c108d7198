import {
  type FormatName,
  isSourceId,
  type Json,
  type Manifest,
  type PartInfo,
  type Problem,
} from "@lifeboat/contracts";
import type { SiteDocumentHalves } from "./document.ts";
import type { FieldReader } from "./fields.ts";
import { isTrigger } from "./ids.ts";
import { LABELS_NAME, MANIFEST_NAME, VERIFIED_NAME } from "./keys.ts";
import { readRunFields, runFields } from "./run-fields.ts";

/** The two halves of a manifest: what anyone may read, and what the site's key seals. */
export interface ManifestHalves {
  readonly open: Readonly<Record<string, Json>>;
  readonly details: Readonly<Record<string, Json>>;
}

/** The most problems that a manifest names; the parts' counts are complete. */
export const MAX_PROBLEMS = 1000;

/** Objects of a backup that are none of its parts'. */
const RESERVED: readonly string[] = [MANIFEST_NAME, LABELS_NAME, VERIFIED_NAME];
const FORMATS: readonly FormatName[] = ["archive", "dedup", "mirror"];

/** Splits a manifest into what may be read without the key and what may not. */
export function splitManifest(manifest: Manifest): ManifestHalves {
  const { format, trigger, started, finished, app, run, parts, problems, rebuilt = false } = manifest;
  return {
    open: {
      format,
      trigger,
      started: started.toISOString(),
      finished: finished.toISOString(),
      ...(rebuilt ? { rebuilt } : {}),
      parts: parts.map(openPart),
    },
    details: {
      app: { name: app.name, version: app.version },
      ...(run === undefined ? {} : { run: runFields(run) }),
      parts: parts.map(partDetails),
      problems: problems.slice(0, MAX_PROBLEMS).map(problemFields),
    },
  };
}

/** Puts a manifest together again; every member is checked. */
export function joinManifest(
  place: Pick<Manifest, "id" | "siteId">,
  { open, details }: SiteDocumentHalves,
  read: FieldReader,
): Manifest {
  const app = read.object(details.app, "app");
  const shown = read.array(open.parts, "parts");
  const hidden = read.array(details.parts, "the details' parts");
  if (shown.length !== hidden.length) read.refuse("the details' parts", `${shown.length} long`);
  const { trigger, format } = open;
  if (!isTrigger(trigger)) read.refuse("trigger", "a trigger of the specification");
  const parts = shown.map((part, i) => joinPart(part, hidden[i], `parts[${i}]`, read));
  if (new Set(parts.map((part) => part.source)).size !== parts.length) read.refuse("parts", "of one source each");
  return {
    id: place.id,
    siteId: place.siteId,
    format: FORMATS.find((name) => name === format) ?? read.refuse("format", "archive, dedup or mirror"),
    trigger,
    started: read.time(open.started, "started"),
    finished: read.time(open.finished, "finished"),
    app: { name: read.text(app.name, "app.name"), version: read.text(app.version, "app.version") },
    ...(details.run === undefined ? {} : { run: readRunFields(details.run, "run", read) }),
    parts,
    problems: read
      .array(details.problems, "problems")
      .map((problem, i) => joinProblem(problem, `problems[${i}]`, read)),
    ...(open.rebuilt === undefined ? {} : { rebuilt: read.flag(open.rebuilt, "rebuilt") }),
  };
}

function openPart({ source, counts, size, storedSize, problemCount, objects }: PartInfo): Json {
  return {
    source,
    counts: { files: counts.files, directories: counts.directories, links: counts.links },
    size,
    storedSize,
    problemCount,
    objects: objects.map(({ name, size, sha256 }) => ({ name, size, sha256 })),
  };
}

function partDetails({ title, version, description, sections, folders, scope }: PartInfo): Json {
  return {
    ...(title === undefined ? {} : { title }),
    ...(version === undefined ? {} : { version }),
    description,
    ...(sections === undefined ? {} : { sections }),
    ...(folders === undefined ? {} : { folders }),
    ...(scope === undefined ? {} : { scope }),
  };
}

function problemFields({ source, path, code, message }: Problem): Json {
  return { source, ...(path === undefined ? {} : { path }), code, message };
}

function joinPart(shown: unknown, hidden: unknown, where: string, read: FieldReader): PartInfo {
  const open = read.object(shown, where);
  const details = read.object(hidden, where);
  const counts = read.object(open.counts, `${where}.counts`);
  const texts = (value: unknown, name: string) =>
    read.array(value, `${where}.${name}`).map((text) => read.text(text, `${where}.${name}`));
  const source = read.text(open.source, `${where}.source`);
  // It becomes part of paths on the machine that restores it.
  if (!isSourceId(source)) read.refuse(`${where}.source`, "the id of a source");
  return {
    source,
    ...(details.title === undefined ? {} : { title: read.text(details.title, `${where}.title`) }),
    ...(details.version === undefined ? {} : { version: read.text(details.version, `${where}.version`) }),
    description: read.json(details.description, `${where}.description`),
    ...(details.sections === undefined ? {} : { sections: texts(details.sections, "sections") }),
    ...(details.folders === undefined ? {} : { folders: texts(details.folders, "folders") }),
    ...(details.scope === undefined
      ? {}
      : { scope: details.scope === null ? null : read.json(details.scope, `${where}.scope`) }),
    counts: {
      files: read.count(counts.files, `${where}.counts.files`),
      directories: read.count(counts.directories, `${where}.counts.directories`),
      links: read.count(counts.links, `${where}.counts.links`),
    },
    size: read.count(open.size, `${where}.size`),
    storedSize: read.count(open.storedSize, `${where}.storedSize`),
    problemCount: read.count(open.problemCount, `${where}.problemCount`),
    objects: read.array(open.objects, `${where}.objects`).map((value, i) => {
      const object = read.object(value, `${where}.objects[${i}]`);
      const name = read.name(object.name, `${where}.objects[${i}].name`);
      if (RESERVED.includes(name)) read.refuse(`${where}.objects[${i}].name`, "a part's object");
      return {
        name,
        size: read.count(object.size, `${where}.objects[${i}].size`),
        sha256: read.sha256(object.sha256, `${where}.objects[${i}].sha256`),
      };
    }),
  };
}

function joinProblem(value: unknown, where: string, read: FieldReader): Problem {
  const fields = read.object(value, where);
  return {
    source: read.text(fields.source, `${where}.source`),
    ...(fields.path === undefined ? {} : { path: read.text(fields.path, `${where}.path`) }),
    code: read.text(fields.code, `${where}.code`) as Problem["code"], // a newer version may know more codes
    message: read.text(fields.message, `${where}.message`),
  };
}
