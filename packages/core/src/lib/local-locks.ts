import { LifeboatError } from "@lifeboat/contracts";

/** What a job of this engine holds while it runs. */
export interface LocalLock {
  /** The job, for the message. */
  readonly job: string;
  readonly kind: "backup" | "restore" | "read" | "delete";
  readonly site: string;
  /** The host's sources that it reads from or writes to. */
  readonly sources: readonly string[];
  /** The backup that it reads or deletes. */
  readonly backup?: string;
}

/** The locks of one engine. */
export interface LocalLocks {
  /**
   * Takes a lock, or tells who is in the way. Disposing gives it back.
   *
   * @throws LOCKED
   */
  take(lock: LocalLock): Disposable;
}

/**
 * Whether two locks exclude each other: two backups of a source to one site; a
 * restore into a source and anything else that touches it; the deletion of a
 * backup and its being read.
 */
export function conflicts(a: LocalLock, b: LocalLock): boolean {
  const shared = a.sources.some((source) => b.sources.includes(source));
  if (shared && a.kind === "backup" && b.kind === "backup") return a.site === b.site;
  if (shared && (a.kind === "restore" || b.kind === "restore")) return true;
  if (a.kind !== "delete" && b.kind !== "delete") return false;
  return a.backup !== undefined && a.backup === b.backup && a.site === b.site;
}

/** Makes a set of locks, all free. */
export function createLocalLocks(): LocalLocks {
  const held = new Set<LocalLock>();
  return {
    take(lock) {
      for (const other of held) if (conflicts(lock, other)) throw locked(lock, other);
      held.add(lock);
      return {
        [Symbol.dispose]() {
          held.delete(lock);
        },
      };
    },
  };
}

function locked(lock: LocalLock, other: LocalLock): LifeboatError {
  const shared = lock.sources.filter((source) => other.sources.includes(source));
  const what = shared.length > 0 ? `the source ${shared.join(", ")}` : `the backup ${lock.backup}`;
  return new LifeboatError({
    code: "LOCKED",
    operation: lock.kind,
    key: other.job,
    retryable: true,
    message: `The ${other.kind} ${other.job} on site ${other.site} is using ${what}.`,
    hint: "Wait for that job, or cancel it: engine.jobs.get(id).",
  });
}
