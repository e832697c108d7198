import { type CheckOptions, isLifeboatError, type VerifyProblem } from "@lifeboat/contracts";
import { limited, type PartReading } from "./read-part.ts";
import { feedSegments, sizeOf } from "./segment-feed.ts";
import { CONTENT } from "./segment-plan.ts";
import { planSteps, type Step } from "./segment-steps.ts";

/** The codes that damage may have; anything else is not the backup's fault. */
const DAMAGE = new Set(["NOT_FOUND", "CORRUPT", "WRONG_KEY", "UNSUPPORTED", "INCOMPATIBLE"]);

/** What a failed look at a part says of it, or `null` where it says nothing of the part. */
export function damageProblem(error: unknown, source: string, object: string): VerifyProblem | null {
  if (!isLifeboatError(error) || !DAMAGE.has(error.code)) return null;
  return { code: error.code as VerifyProblem["code"], message: error.message, source, object };
}

/**
 * Opens every segment of a part and compares every entry's content with its
 * SHA-256. Tells each damaged entry by its path.
 */
export async function verifyPart(reading: PartReading, object: string, options: CheckOptions): Promise<void> {
  const { layout, threads, part, access } = reading;
  const { signal, onProblem, onProgress } = options;
  const opened = new Set<number>();
  const steps = noting(opened, planSteps(layout, limited(reading.rows, part, layout), true));
  const feed = feedSegments(steps, { access, threads, keep: false, signal, stopAtDamage: false });
  let entries = 0;
  let bytes = 0;
  let reported: unknown;
  for await (const step of feed) {
    signal?.throwIfAborted();
    for (const item of step.items) {
      if (item.kind === "whole" || item.last) entries += 1;
      bytes += sizeOf(item);
      const damage = step.damageOf(item);
      if (damage === undefined || (damage === reported && item.kind !== "whole")) continue;
      const problem = damageProblem(damage, part.source, object);
      if (problem === null) throw damage;
      onProblem({ ...problem, path: item.row.info.path });
      reported = damage;
    }
    onProgress?.({ entries, bytes, storedBytes: access.bytesRead });
  }
  await verifyOtherSegments(reading, opened, object, options);
}

async function* noting(opened: Set<number>, steps: AsyncIterable<Step>): AsyncGenerator<Step> {
  for await (const step of steps) {
    if (step.segment !== null) opened.add(step.segment);
    yield step;
  }
}

/** What holds no entry's content must open too. */
async function verifyOtherSegments(
  { layout, part, access }: PartReading,
  opened: ReadonlySet<number>,
  object: string,
  options: CheckOptions,
): Promise<void> {
  for (const [segment, place] of layout.segments.entries()) {
    if (opened.has(segment) || place.content === CONTENT.index) continue;
    try {
      const { opened } = await access.begin({ segment, keep: false });
      await opened;
    } catch (error) {
      const problem = damageProblem(error, part.source, object);
      if (problem === null) throw error;
      options.onProblem(problem);
    }
  }
}
