import type { JobEvent, JobProgress } from "@lifeboat/contracts";

/**
 * A job's events, for any number of readers, early or late. All but progress are
 * kept, so that none is missed; of progress only the latest is. Memory is bounded
 * by the writer, who sends a bounded number of other events.
 */
export interface EventLog {
  add(event: Exclude<JobEvent, { type: "progress" }>): void;
  progress(progress: JobProgress): void;
  /** No more events come. */
  end(): void;
  read(): AsyncIterableIterator<JobEvent>;
}

/** Makes an empty log. */
export function createEventLog(): EventLog {
  const kept: JobEvent[] = [];
  let latest: JobProgress | null = null;
  let version = 0;
  let ended = false;
  const waiting = new Set<() => void>();

  function changed(): void {
    for (const wake of waiting) wake();
    waiting.clear();
  }

  async function* read(): AsyncGenerator<JobEvent, undefined> {
    let next = 0;
    let shown = 0;
    for (;;) {
      const event = kept[next];
      if (event !== undefined) {
        next += 1;
        yield event;
      } else if (latest !== null && shown < version) {
        shown = version;
        yield { type: "progress", progress: latest };
      } else if (ended) {
        return undefined;
      } else {
        await new Promise<void>((wake) => waiting.add(wake));
      }
    }
  }

  return {
    add(event) {
      kept.push(event);
      changed();
    },
    progress(progress) {
      latest = progress;
      version += 1;
      changed();
    },
    end() {
      ended = true;
      changed();
    },
    read,
  };
}
