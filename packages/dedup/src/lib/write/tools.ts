import type { ProblemReport } from "@lifeboat/contracts";
import type { ChunkProfile } from "../chunk/profile.ts";
import type { StoreChunk } from "./list-writer.ts";
import type { PackLine } from "./pack-line.ts";

/** What the content of a part is stored with. */
export interface ContentTools {
  readonly line: PackLine;
  readonly profile: ChunkProfile;
  /** For references. */
  readonly store: StoreChunk;
  readonly signal: AbortSignal;
  readonly report: (problem: ProblemReport) => void;
  /** Called with bytes of content that were dealt with. */
  readonly advance: (bytes: number) => void;
}
