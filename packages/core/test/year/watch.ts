import type { Trigger } from "@lifeboat/contracts";
import { applyRetention, type RetentionBackup, type RetentionPolicy } from "@lifeboat/retention";
import type { VirtualSite } from "@lifeboat/testkit";

/** A backup as its manifest told of it when it was written. */
export interface SeenBackup extends RetentionBackup {
  readonly due?: number | undefined;
  /** When its manifest arrived. */
  readonly made: number;
}

/** What was seen of a site, without the code under test. */
export interface Watch {
  /** Every backup that ever came to be, oldest first. */
  readonly made: readonly SeenBackup[];
  /** Those that are there. */
  readonly there: ReadonlyMap<string, SeenBackup>;
  /** By due time, the failures that the site remembers, in words. */
  readonly failures: ReadonlyMap<number, readonly string[]>;
  readonly prunes: number;
  /** Where a prune did not leave what the policy says. */
  readonly wrong: readonly string[];
}

interface SeenManifest {
  readonly id: string;
  readonly trigger: Trigger;
  readonly started: string;
  readonly parts: readonly { readonly source: string; readonly problemCount: number }[];
  readonly details: { readonly run?: { readonly due?: string } };
}

interface SeenRecord {
  readonly details: {
    readonly kind: string;
    readonly outcome: string;
    readonly finished: string;
    readonly due?: string;
    readonly code?: string;
    readonly message?: string;
  };
}

/** Looks at every change of a site without encryption, and holds each prune against the policy. */
export function watch(
  site: VirtualSite,
  now: () => number,
  rules: { readonly policy: RetentionPolicy; readonly timeZone: string },
): Watch {
  const made: SeenBackup[] = [];
  const there = new Map<string, SeenBackup>();
  const failures = new Map<number, string[]>();
  const wrong: string[] = [];
  let prunes = 0;
  /** What there must be: all that was made, without what prunes had to remove. */
  let expected: readonly SeenBackup[] = [];

  /** By the clock of who pruned: for that nothing lies in the future that it has just made. */
  function pruned(finished: string): void {
    prunes += 1;
    const { policy, timeZone } = rules;
    const { keep } = applyRetention(expected, policy, { now: new Date(finished), timeZone });
    expected = keep.map(({ backup }) => backup);
    const [want, have] = [expected.map(({ id }) => id).sort(), [...there.keys()].sort()];
    if (want.join() !== have.join())
      wrong.push(`After a prune at ${finished}: expected ${want.join(", ")}; found ${have.join(", ")}`);
  }

  site.changed = (key, bytes) => {
    const [folder, id = "", name] = key.split("/");
    if (folder === "backups" && name === "manifest.json") {
      if (bytes === null) there.delete(id);
      else {
        const seen = seenBackup(bytes, now());
        made.push(seen);
        there.set(id, seen);
        expected = [...expected, seen];
      }
    } else if (folder === "runs" && bytes !== null) {
      const { details }: SeenRecord = JSON.parse(Buffer.from(bytes).toString());
      if (details.kind === "prune" && details.outcome === "succeeded") pruned(details.finished);
      if (details.kind !== "backup" || details.due === undefined) return;
      const due = Date.parse(details.due);
      failures.set(due, [...(failures.get(due) ?? []), details.code ?? "ended"]);
    }
  };
  return {
    made,
    there,
    failures,
    wrong,
    get prunes() {
      return prunes;
    },
  };
}

function seenBackup(bytes: Uint8Array, now: number): SeenBackup {
  const { id, trigger, started, parts, details }: SeenManifest = JSON.parse(Buffer.from(bytes).toString());
  const { due } = details.run ?? {};
  return {
    id,
    time: new Date(started),
    trigger,
    sources: parts.map(({ source, problemCount }) => ({ id: source, whole: problemCount === 0 })),
    ...(due === undefined ? {} : { due: Date.parse(due) }),
    made: now,
  };
}
