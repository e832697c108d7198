import { isSourceId, LifeboatError, type Source, type SourceSelection } from "@lifeboat/contracts";

/** The sources that an engine knows, by id. */
export interface SourceRegistry {
  /**
   * Adds a source; the answer takes it out again.
   *
   * @throws INVALID where its id is malformed or taken
   */
  register(source: Source): () => void;
  get(id: string): Source | undefined;
  /** In the order they were registered. */
  all(): readonly Source[];
}

/** Which sources a backup takes: ids, or what of each. */
export type SourceChoice<Name extends string = string> =
  | readonly Name[]
  | { readonly [Id in Name]?: true | SourceSelection };

/** A source, and what of it a backup takes. */
export interface ChosenSource {
  readonly source: Source;
  readonly selection: SourceSelection;
}

/** Makes a registry with these sources in it. */
export function createSourceRegistry(sources: readonly Source[]): SourceRegistry {
  const known = new Map<string, Source>();

  function register(source: Source): () => void {
    const { id } = source;
    if (!isSourceId(id)) {
      throw invalid(id, `Expected a source id of small letters, digits and hyphens, found ${JSON.stringify(id)}.`);
    }
    if (known.has(id)) throw invalid(id, `There is a source "${id}" already.`, "Give each source an id of its own.");
    known.set(id, source);
    return () => {
      if (known.get(id) === source) known.delete(id);
    };
  }

  for (const source of sources) register(source);
  return { register, get: (id) => known.get(id), all: () => [...known.values()] };
}

/**
 * The sources that a backup takes, in the order they were registered.
 *
 * @throws NOT_FOUND where one is not registered; INVALID where there is none at all
 */
export function chooseSources(registry: SourceRegistry, choice: SourceChoice | undefined): ChosenSource[] {
  const all = registry.all();
  const selections = new Map(all.map(({ id }) => [id, selectionOf(choice, id)]));
  for (const id of idsOf(choice)) if (!selections.has(id)) throw unknown(id, all);
  const chosen = all.flatMap((source) => {
    const selection = selections.get(source.id);
    return selection === undefined ? [] : [{ source, selection }];
  });
  if (chosen.length > 0) return chosen;
  throw invalid("sources", "Expected at least one source to back up, found none.", "Register or choose one.");
}

function idsOf(choice: SourceChoice | undefined): readonly string[] {
  if (choice === undefined) return [];
  return isList(choice) ? choice : Object.keys(choice);
}

function selectionOf(choice: SourceChoice | undefined, id: string): SourceSelection | undefined {
  if (choice === undefined) return {};
  if (isList(choice)) return choice.includes(id) ? {} : undefined;
  const chosen = Object.hasOwn(choice, id) ? choice[id] : undefined;
  return chosen === true ? {} : chosen;
}

function isList(choice: SourceChoice): choice is readonly string[] {
  return Array.isArray(choice);
}

function unknown(id: string, all: readonly Source[]): LifeboatError {
  return new LifeboatError({
    code: "NOT_FOUND",
    operation: "backup",
    key: id,
    message: `There is no source "${id}"; there are: ${all.map((source) => source.id).join(", ") || "none"}.`,
    hint: "Register it with engine.register(source), or correct its id.",
  });
}

function invalid(key: string, message: string, hint?: string): LifeboatError {
  return new LifeboatError({ code: "INVALID", operation: "sources", key, message, hint });
}
