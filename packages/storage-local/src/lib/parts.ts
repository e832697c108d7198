import type { FolderMaker } from "./folders.ts";
import type { Settings } from "./options.ts";
import type { TemporaryFiles } from "./temporary.ts";

/** What the operations of one storage share. */
export interface Parts {
  readonly settings: Settings;
  readonly maker: FolderMaker;
  readonly temporaries: TemporaryFiles;
}
