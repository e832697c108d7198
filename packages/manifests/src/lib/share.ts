import { LifeboatError, type VerifyShare } from "@lifeboat/contracts";

/** What is known of something that can be verified. */
export interface Verifiable {
  readonly id: string;
  readonly size: number;
  /** When it last was, as thoroughly as is asked for now; absent where it never was. */
  readonly verified?: number | undefined;
}

/**
 * What of a site is verified now, in this order: what never was before all, then what was least recently; of equals
 * the smaller id. As much as the share says, rounded up to whole packs, and one at least. A share of minutes leaves
 * nothing out: whoever reads stops when the time is over.
 */
export function chooseShare<T extends Verifiable>(all: Iterable<T>, share: VerifyShare | undefined): readonly T[] {
  const ordered = [...all].sort(byAge);
  if (share === undefined || "minutes" in share) return ordered;
  const total = ordered.reduce((sum, { size }) => sum + size, 0);
  const budget = "bytes" in share ? share.bytes : (total * share.percent) / 100;
  let chosen = 0;
  let bytes = 0;
  for (; chosen < ordered.length && (bytes < budget || chosen === 0); chosen++) bytes += ordered[chosen]?.size ?? 0;
  return ordered.slice(0, chosen);
}

/**
 * Refuses a share that says nothing.
 *
 * @throws INVALID
 */
export function assertShare(share: VerifyShare): void {
  const [value, most] = "percent" in share ? [share.percent, 100] : ["bytes" in share ? share.bytes : share.minutes];
  if (typeof value === "number" && value > 0 && value <= (most ?? Number.MAX_VALUE)) return;
  throw new LifeboatError({
    code: "INVALID",
    operation: "verify",
    key: "share",
    message: `Expected a share of percent (above 0, at most 100), bytes or minutes (above 0), found ${JSON.stringify(share)}.`,
  });
}

function byAge(a: Verifiable, b: Verifiable): number {
  const [first, second] = [a.verified ?? Number.NEGATIVE_INFINITY, b.verified ?? Number.NEGATIVE_INFINITY];
  if (first !== second) return first < second ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
