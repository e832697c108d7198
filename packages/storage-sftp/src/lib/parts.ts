import type { Ground } from "./ground.ts";
import type { Line } from "./line.ts";
import type { Settings } from "./options.ts";

/** What the operations of one storage share. */
export interface Parts {
  readonly settings: Settings;
  readonly line: Line;
  readonly ground: Ground;
}
