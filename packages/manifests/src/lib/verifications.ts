import type { Json, VerificationResult } from "@lifeboat/contracts";
import type { FieldReader, Fields } from "./fields.ts";

type Level = VerificationResult["level"];

/** From the least thorough on. */
const LEVELS: readonly Level[] = ["presence", "checksum", "content", "restore"];
/** So many characters of a problem's message are kept. */
const MAX_PROBLEM = 500;

/**
 * What is known of a backup's verifications after one more: it takes the place of those before it that were not more
 * thorough. So there is at most one of each level, and one that found something wrong stays until the same level, or
 * a more thorough one, has found nothing.
 */
export function withVerification(
  known: readonly VerificationResult[],
  next: VerificationResult,
): readonly VerificationResult[] {
  return [next, ...known.filter(({ level }) => LEVELS.indexOf(level) > LEVELS.indexOf(next.level))];
}

/** The members of a document of verifications (docs/spec/manifest.md, "Results of verifications"). */
export function verificationFields(results: readonly VerificationResult[]): Readonly<Record<string, Json>> {
  return {
    results: results.map(({ level, time, ok, problems, problem }) => ({
      level,
      time: time.toISOString(),
      ok,
      problems,
      ...(problem === undefined ? {} : { problem: problem.slice(0, MAX_PROBLEM) }),
    })),
  };
}

/** Reads them back. */
export function verificationResults(details: Fields, read: FieldReader): readonly VerificationResult[] {
  const results = read.array(details.results, "results").map((each, n) => resultOf(each, `results[${n}]`, read));
  if (new Set(results.map(({ level }) => level)).size !== results.length) read.refuse("results", "of one level each");
  return results;
}

function resultOf(value: unknown, where: string, read: FieldReader): VerificationResult {
  const { level: found, time, ok, problems, problem } = read.object(value, where);
  const level = LEVELS.find((each) => each === found) ?? read.refuse(`${where}.level`, LEVELS.join(", "));
  return {
    level,
    time: read.time(time, `${where}.time`),
    ok: read.flag(ok, `${where}.ok`),
    problems: read.count(problems, `${where}.problems`),
    ...(problem === undefined ? {} : { problem: read.text(problem, `${where}.problem`) }),
  };
}
