import { randomBytes } from "node:crypto";

let next = 0;
let token = "";

/**
 * A name for what is not finished: short, whatever the final name, so that it fits
 * wherever that one does; and unlike any other thread's or process's.
 */
export function temporaryName(): string {
  if (token === "") token = randomBytes(5).toString("hex");
  return `.lifeboat-${token}-${(next++).toString(36)}`;
}
