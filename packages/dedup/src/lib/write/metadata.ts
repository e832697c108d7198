import type { PartInfo, PartStart } from "@lifeboat/contracts";

/** What a manifest keeps of a part's beginning. */
export type PartMetadata = Pick<
  PartInfo,
  "source" | "title" | "version" | "description" | "sections" | "folders" | "scope"
>;

/** What is kept of a part's beginning, without members that are absent. */
export function metadataOf({ source, title, version, description, sections, folders, scope }: PartStart): PartMetadata {
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
