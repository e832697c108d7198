import { LifeboatError } from "@lifeboat/contracts";
import { PACKS_PREFIX } from "../pack/pack-name.ts";

/** How many packs the index names that no mark is about, and how many of them are not there. */
export interface PackCount {
  readonly named: number;
  readonly missing: number;
}

/** So many packs may be missing, whatever share of a site they are. */
const A_FEW = 8;

/**
 * Whether more packs are missing than damage takes: more than eight, and more than half. Then the storage most likely
 * does not show what it has, because it is not wholly mounted, synchronized or listed, and nothing is lost.
 */
function isBeyondDamage({ named, missing }: PackCount): boolean {
  return missing > A_FEW && missing > named / 2;
}

/** @throws UNREACHABLE, as {@link notShown} has it */
export function assertShown(operation: string, count: PackCount): void {
  const error = notShown(operation, count);
  if (error !== null) throw error;
}

/** UNREACHABLE where more packs are missing than damage takes: no code of damage, so that nobody goes on without them. */
export function notShown(operation: string, count: PackCount): LifeboatError | null {
  if (!isBeyondDamage(count)) return null;
  const { named, missing } = count;
  return new LifeboatError({
    code: "UNREACHABLE",
    operation,
    key: PACKS_PREFIX,
    reason: "packs-missing",
    message: `Expected the ${named} packs that the index names below ${PACKS_PREFIX}, found ${named - missing} of them: so many are hardly damaged, so the storage may not show what it has.`,
    hint: "Check that the storage is wholly mounted, synchronized and listed; if the packs are really gone, repair the site with engine.repair({ site }).",
  });
}
