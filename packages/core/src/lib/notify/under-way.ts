/** Work in the background, which never rejects. */
export interface UnderWay {
  add(work: Promise<void>): void;
  /** Resolves once nothing is left of what was added so far. */
  idle(): Promise<void>;
}

/** Nothing is under way yet. */
export function createUnderWay(): UnderWay {
  const all = new Set<Promise<void>>();
  return {
    add(work) {
      const done: Promise<void> = work.finally(() => all.delete(done));
      all.add(done);
    },
    async idle() {
      await Promise.all(all);
    },
  };
}
