import type { Json } from "@lifeboat/contracts";
import { createFilter, decidePath, type FilterOptions } from "./filter.ts";

/** What a backup of a tree took, as it is kept with the backup. */
export interface TreeScope {
  readonly filter: FilterOptions;
  readonly oneFileSystem: boolean;
}

/** What a kept scope says. */
export interface KeptScope {
  /** Whether the backup would have held this, had it been there. */
  holds(path: string, isDirectory: boolean): boolean;
  readonly oneFileSystem: boolean;
}

/** A scope as plain JSON. */
export function keepScope({ filter, oneFileSystem }: TreeScope): Record<string, Json> {
  return { filter: JSON.parse(JSON.stringify(filter)) as Json, oneFileSystem };
}

const LISTS = ["include", "exclude", "chosen", "folders", "select"] as const;

/** Reads a scope; `null` where it is none that this version understands. */
export function readScope(scope: Readonly<Record<string, Json>>): KeptScope | null {
  const { filter: options, oneFileSystem } = scope;
  if (!isFilter(options) || typeof oneFileSystem !== "boolean") return null;
  try {
    const filter = createFilter(options, "source.scope");
    return { oneFileSystem, holds: (path, isDirectory) => decidePath(filter, path, isDirectory)?.take === true };
  } catch {
    return null; // a pattern of a later version: what it matches is not known, so nothing is
  }
}

function isFilter(value: Json | undefined): value is Json & FilterOptions {
  if (!isRecord(value)) return false;
  const { sections = {} } = value;
  return (
    LISTS.every((name) => value[name] === undefined || isTexts(value[name])) &&
    isRecord(sections) &&
    Object.values(sections).every((section) => isRecord(section) && isTexts(section.include))
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}
