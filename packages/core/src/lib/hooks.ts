import { type HookOutcome, orAbort, type Source } from "@lifeboat/contracts";
import { sourceFailed } from "./errors.ts";
import type { JobControl } from "./job.ts";

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

/** A source whose first hook was called. */
interface Asked {
  readonly source: Source;
  /** Resolves when it has ended: it may be given up before. */
  readonly first: Promise<void>;
  ended: boolean;
}

/** Pairs of hooks that a run which was stopped has left behind: the next one must not get in between. */
const lingering = new WeakMap<Source, Promise<unknown>>();

/**
 * Holds sources still around `run`. Every source whose first hook was called gets
 * its second one called once the first has ended, even where that failed: it may have paused something.
 */
export async function whileQuiet<T>(
  sources: readonly Source[],
  pair: HookPair,
  { signal, tidying, phase }: Pick<JobControl, "signal" | "tidying" | "phase">,
  onResumeFailure: (failure: ResumeFailure) => void,
  run: (quiesced: Quiesced) => Promise<T>,
): Promise<T> {
  const asked: Asked[] = [];
  let resumed = false;

  async function resume(outcome: HookOutcome): Promise<readonly ResumeFailure[]> {
    if (resumed) return [];
    resumed = true;
    const failures: ResumeFailure[] = [];
    for (const { source, first, ended } of asked.toReversed()) {
      const second = first.then(() => secondHook(source, pair, outcome));
      linger(source, second);
      // A hook that a time limit has left behind has had its time: others want to tidy up too.
      const patience = ended || tidying === undefined ? tidying : signal;
      try {
        await orAbort(second, patience);
      } catch (error) {
        const what = pair === "backup" ? "afterBackup" : "afterRestore";
        const failure = { source: source.id, error: sourceFailed(error, source.id, what) };
        failures.push(failure);
        onResumeFailure(failure);
      }
    }
    return failures;
  }

  async function quiesce(source: Source): Promise<void> {
    const name = pair === "backup" ? "beforeBackup" : "beforeRestore";
    if (source.hooks !== undefined && name in source.hooks) phase("quiescing", source.id);
    await orAbort(lingering.get(source) ?? Promise.resolve(), signal);
    const hook = firstHook(source, pair);
    const ask: Asked = { source, first: hook.then(end, end), ended: false }; // whoever waits for the hook is told
    function end() {
      ask.ended = true;
    }
    asked.push(ask);
    try {
      await orAbort(hook, signal);
    } catch (error) {
      throw sourceFailed(error, source.id, name, signal);
    }
  }

  try {
    for (const source of sources) {
      signal.throwIfAborted();
      await quiesce(source);
    }
    const result = await run({ resume });
    await resume({ ok: true });
    return result;
  } catch (error) {
    await resume({ ok: false, error });
    throw error;
  }
}

async function firstHook({ hooks }: Source, pair: HookPair): Promise<void> {
  await (pair === "backup" ? hooks?.beforeBackup?.() : hooks?.beforeRestore?.());
}

async function secondHook({ hooks }: Source, pair: HookPair, outcome: HookOutcome): Promise<void> {
  await (pair === "backup" ? hooks?.afterBackup?.(outcome) : hooks?.afterRestore?.(outcome));
}

function linger(source: Source, pair: Promise<unknown>): void {
  const ended = pair.then(
    () => undefined,
    () => undefined,
  );
  lingering.set(source, ended);
  void ended.then(() => {
    if (lingering.get(source) === ended) lingering.delete(source);
  });
}
