import type { HookOutcome, Source } from "@lifeboat/contracts";
import { sourceFailed } from "./errors.ts";

/** A hook that failed while things were resumed. */
export interface ResumeFailure {
  readonly source: string;
  /** Coded. */
  readonly error: unknown;
}

/** Sources that were asked to hold still. */
export interface Quiesced {
  /** Lets the sources go on, the last one first, each whatever the others do. Only the first call does something. */
  resume(outcome: HookOutcome): Promise<readonly ResumeFailure[]>;
}

/** Which pair of hooks. */
export type HookPair = "backup" | "restore";

/**
 * Holds sources still around `run`. Every source whose first hook was called gets
 * its second one called, even where the first failed: it may have paused something.
 */
export async function whileQuiet<T>(
  sources: readonly Source[],
  pair: HookPair,
  signal: AbortSignal,
  onResumeFailure: (failure: ResumeFailure) => void,
  run: (quiesced: Quiesced) => Promise<T>,
): Promise<T> {
  const started: Source[] = [];
  let resumed = false;

  async function resume(outcome: HookOutcome): Promise<readonly ResumeFailure[]> {
    if (resumed) return [];
    resumed = true;
    const failures: ResumeFailure[] = [];
    for (const source of started.toReversed()) {
      try {
        await (pair === "backup" ? source.hooks?.afterBackup?.(outcome) : source.hooks?.afterRestore?.(outcome));
      } catch (error) {
        const what = pair === "backup" ? "afterBackup" : "afterRestore";
        const failure = { source: source.id, error: sourceFailed(error, source.id, what) };
        failures.push(failure);
        onResumeFailure(failure);
      }
    }
    return failures;
  }

  try {
    for (const source of sources) {
      signal.throwIfAborted();
      started.push(source);
      await quiesce(source, pair, signal);
    }
    const result = await run({ resume });
    await resume({ ok: true });
    return result;
  } catch (error) {
    await resume({ ok: false, error });
    throw error;
  }
}

async function quiesce(source: Source, pair: HookPair, signal: AbortSignal): Promise<void> {
  try {
    await (pair === "backup" ? source.hooks?.beforeBackup?.() : source.hooks?.beforeRestore?.());
  } catch (error) {
    throw sourceFailed(error, source.id, pair === "backup" ? "beforeBackup" : "beforeRestore", signal);
  }
}
