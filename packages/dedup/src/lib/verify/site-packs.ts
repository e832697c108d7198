import type { CheckLevel, Clock, LifeboatError, SiteChecked, SiteCheckOptions, SiteProblem } from "@lifeboat/contracts";
import { chooseShare } from "@lifeboat/manifests";
import type { DedupSite } from "../dedup-site.ts";
import { readIndex } from "../index/load.ts";
import type { PackFrames } from "../index/pack-frames.ts";
import { packKey } from "../pack/pack-name.ts";
import { isLoss } from "../read/read-errors.ts";
import type { Reading } from "../read/reading.ts";
import { verifyPacks } from "./packs.ts";
import { problemOf } from "./problems.ts";
import type { Records } from "./records.ts";
import type { CheckedIndex } from "./verify-index.ts";

const MINUTE_MS = 60_000;

/** What packs of a site are verified with. */
export interface SitePackTools {
  readonly site: DedupSite;
  readonly index: CheckedIndex;
  readonly reading: Reading;
  readonly records: Records;
  /** Packs that are condemned. */
  readonly marked: ReadonlySet<string>;
  /** Those of them that are condemned because they are damaged or gone. */
  readonly markedDamaged: ReadonlySet<string>;
  readonly level: CheckLevel;
  readonly options: SiteCheckOptions;
}

/** The packs of a site: which of them are verified now, and what was found. */
export class SitePacks {
  readonly #tools: SitePackTools;
  readonly #all: readonly PackFrames[];
  readonly #chosen: readonly PackFrames[];
  /** Bytes of those that are verified now. */
  readonly totalBytes: number;
  readonly #problems = new Map<PackFrames, LifeboatError>();
  readonly #lost: string[] = [];
  #packs = 0;
  #bytes = 0;

  constructor(tools: SitePackTools) {
    this.#tools = tools;
    const { index, options } = tools;
    this.#all = [...index.good.packs.values()];
    const known = this.#all.map((pack) => ({ id: pack.id, size: pack.size, pack, verified: this.#lastOf(pack) }));
    const isRead = tools.level !== "presence";
    this.#chosen = isRead ? chooseShare(known, options.share).map(({ pack }) => pack) : [];
    this.totalBytes = sizeOf(this.#chosen);
  }

  /** The packs that were told to be damaged or gone, by their ids; others may still rely on them. */
  get lost(): readonly string[] {
    return this.#lost;
  }

  /** Bytes dealt with so far. */
  get bytes(): number {
    return this.#bytes;
  }

  get done(): Pick<SiteChecked, "objects" | "bytes" | "totalObjects" | "totalBytes" | "oldest"> {
    let oldest: number | undefined = Number.POSITIVE_INFINITY;
    for (const pack of this.#all) {
      const last = this.#lastOf(pack);
      oldest = last === undefined || oldest === undefined ? undefined : Math.min(oldest, last);
    }
    return {
      objects: this.#packs,
      bytes: this.#bytes,
      totalObjects: this.#all.length,
      totalBytes: sizeOf(this.#all),
      ...(oldest === undefined || oldest === Number.POSITIVE_INFINITY ? {} : { oldest }),
    };
  }

  /** Reads the chosen packs, each once, until the time of the share is over. */
  async read(onPack: () => void, signal: AbortSignal): Promise<void> {
    const { site, reading, records, level, options } = this.#tools;
    if (level === "presence") return;
    await verifyPacks(inTime(this.#chosen, options.share, site.clock), {
      site: { storage: site.context.storage, key: site.key },
      level,
      fetcher: reading.checking,
      signal,
      onPack: (pack, problem) => {
        this.#packs += 1;
        this.#bytes += pack.size;
        if (problem !== undefined) this.#problems.set(pack, problem);
        // One of a later version is neither good nor damaged: who knows that version is to look.
        if (problem === undefined || isLoss(problem)) records.note(pack.id, level, problem === undefined);
        onPack();
        return records.flushIfDue({ signal });
      },
    });
  }

  /**
   * Tells the packs that are damaged or gone, and answers those that were to be read, and those that a mark says are
   * damaged. One that no index names any more was let go by a prune meanwhile, and one that is condemned matters only
   * to who still needs something of it.
   */
  async tell(signal: AbortSignal): Promise<ReadonlySet<PackFrames>> {
    const { site, index, records, marked, markedDamaged, options } = this.#tools;
    const gone = [...this.#problems].some(([, { code }]) => code === "NOT_FOUND");
    const named = gone || index.lost.packs.size > 0 ? await namedPacks(site, signal) : null;
    const damaged = new Set<PackFrames>();
    const told = new Set<string>();
    const tell = (id: string, problem: Omit<SiteProblem, "object">) => {
      if (problem.code !== "UNSUPPORTED" && problem.code !== "INCOMPATIBLE") this.#lost.push(id);
      options.onProblem({ ...problem, object: packKey(id) });
    };
    for (const [pack, problem] of this.#problems) {
      if (problem.code === "NOT_FOUND" && named?.has(pack.id) === false) continue;
      damaged.add(pack);
      told.add(pack.id);
      if (!marked.has(pack.id)) tell(pack.id, problemOf(problem));
    }
    for (const pack of index.lost.packs.values()) {
      if (named?.has(pack.id) === false || marked.has(pack.id)) continue;
      tell(pack.id, problemOf(index.lostReason(pack)));
    }
    for (const { id } of this.#all) {
      if (!records.isDamaged(id) || marked.has(id) || told.has(id)) continue;
      const message = `The pack ${packKey(id)} was found damaged by an earlier verification, and is still there.`;
      tell(id, { code: "CORRUPT", message });
    }
    for (const pack of this.#all) if (markedDamaged.has(pack.id)) damaged.add(pack);
    return damaged;
  }

  /** Writes what is to be remembered; packs that are no more are forgotten. */
  async remember(signal: AbortSignal): Promise<void> {
    const { records, index } = this.#tools;
    await records.flush((id) => index.good.packs.has(id), { signal });
  }

  #lastOf({ id }: PackFrames): number | undefined {
    const { records, level } = this.#tools;
    return level === "presence" ? undefined : records.lastOf(id, level);
  }
}

/** As many as can be begun in the time that a share has. */
function* inTime(
  packs: readonly PackFrames[],
  share: SiteCheckOptions["share"],
  clock: Clock,
): Generator<PackFrames, void> {
  const until = share !== undefined && "minutes" in share ? clock.monotonic() + share.minutes * MINUTE_MS : undefined;
  for (const [n, pack] of packs.entries()) {
    if (n > 0 && until !== undefined && clock.monotonic() >= until) return;
    yield pack;
  }
}

/** The packs that the index names now. */
async function namedPacks({ context, tools }: DedupSite, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const named = new Set<string>();
  for await (const { packs } of readIndex(context.storage, tools, { signal, onDamaged: () => undefined })) {
    for (const { id } of packs) named.add(id);
  }
  return named;
}

function sizeOf(packs: readonly PackFrames[]): number {
  return packs.reduce((sum, { size }) => sum + size, 0);
}
