import type {
  AbortOptions,
  CheckLevel,
  LifeboatError,
  ListedBackup,
  Manifest,
  PartInfo,
  SiteCheckOptions,
  VerifyProblem,
} from "@lifeboat/contracts";
import { backupKey, LABELS_NAME, MANIFEST_NAME, type Manifests } from "@lifeboat/manifests";
import { ID_BYTES } from "../bytes.ts";
import type { DedupSite } from "../dedup-site.ts";
import { openPartObject } from "../read/open-part.ts";
import { isDamage } from "../read/read-errors.ts";
import type { Reading } from "../read/reading.ts";
import type { ListedPart } from "./needed.ts";
import { problemOf } from "./problems.ts";
import { type JudgeChunk, SiteLists } from "./site-lists.ts";
import type { CheckedIndex } from "./verify-index.ts";

/** What the backups of a site are gone through with. */
export interface SiteBackupTools {
  readonly site: DedupSite;
  readonly manifests: Manifests;
  readonly index: CheckedIndex;
  readonly reading: Reading;
  readonly backups: readonly ListedBackup[];
  readonly level: CheckLevel;
  readonly onProblem: SiteCheckOptions["onProblem"];
  readonly signal: AbortSignal;
}

/** The finished backups of a site, oldest first. */
export async function listBackups(manifests: Manifests, options: AbortOptions): Promise<readonly ListedBackup[]> {
  const backups: ListedBackup[] = [];
  for await (const backup of manifests.list(options)) if (backup.complete) backups.push(backup);
  return backups.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Says that a backup was deleted while it was looked at. */
const GONE = new Error("The backup was deleted meanwhile.");

/** Goes through the lists of all backups. */
export class SiteBackups {
  readonly #tools: SiteBackupTools;
  readonly #checked: string[] = [];
  #entries = 0;
  #contentBytes = 0;

  constructor(tools: SiteBackupTools) {
    this.#tools = tools;
  }

  get done(): { readonly backups: readonly string[]; readonly entries: number; readonly contentBytes: number } {
    return { backups: this.#checked, entries: this.#entries, contentBytes: this.#contentBytes };
  }

  /** Looks whether each list is sound, and all that it refers to in a pack that is there. */
  async check(onStep: () => void): Promise<void> {
    const { index } = this.#tools;
    const { good } = index;
    const judge: JudgeChunk = (ids, at) =>
      good.tables.has(ids, at) ? undefined : index.reason(ids.subarray(at, at + ID_BYTES));
    await this.#each(judge, async (listed, tell, lists) => {
      const { rows, bytes } = await lists.check(listed, (error, path) => tell(error, listed.part.source, path));
      this.#entries += rows;
      this.#contentBytes += bytes;
      onStep();
    });
  }

  /** Tells the entries that need one of these chunks, which are named in hex. */
  async tell(lost: ReadonlyMap<string, LifeboatError>): Promise<void> {
    const news = new Set(lost.values());
    const judge: JudgeChunk = (ids, at) =>
      lost.get(Buffer.from(ids.buffer, ids.byteOffset + at, ID_BYTES).toString("hex"));
    await this.#each(
      judge,
      async (listed, tell, lists) => {
        await lists.check(listed, async (error, path) => {
          if (news.has(error)) await tell(error, listed.part.source, path); // all else was told before
        });
      },
      true,
    );
  }

  async #each(
    judge: JudgeChunk,
    look: (listed: ListedPart, tell: Tell, lists: SiteLists) => Promise<void>,
    again = false,
  ): Promise<void> {
    const { index, reading, backups, signal } = this.#tools;
    const number = (ids: Uint8Array, at: number) => index.good.tables.number(ids, at);
    const lists = new SiteLists({ lists: reading.lists, number, judge, signal });
    for (const { id, labelled } of backups) {
      signal.throwIfAborted();
      const tell = this.#teller(id);
      const say = again ? async () => undefined : tell.problem;
      try {
        const manifest = await this.#manifest(id, labelled, say);
        if (manifest === null) continue;
        if (!again) await this.#objects(id, manifest, tell.problem);
        for (const part of manifest.parts) {
          const listed = await this.#open(id, part, say);
          if (listed !== null) await look(listed, tell.error, lists);
        }
        if (!again) this.#checked.push(id);
      } catch (error) {
        if (error !== GONE) throw error;
      }
    }
  }

  /** What tells problems of a backup; before the first one it looks whether the backup is still there. */
  #teller(id: string) {
    const { site, onProblem, signal } = this.#tools;
    let isThere = false;
    const problem = async (found: VerifyProblem): Promise<void> => {
      isThere ||= (await site.context.storage.stat(backupKey(id, MANIFEST_NAME), { signal })) !== null;
      if (!isThere) throw GONE;
      onProblem({ ...found, id });
    };
    const error: Tell = (found, source, path) =>
      problem(problemOf(found, { source, ...(path === undefined ? {} : { path }) }));
    return { problem, error };
  }

  async #manifest(id: string, labelled: boolean, tell: TellProblem): Promise<Manifest | null> {
    const { manifests, signal } = this.#tools;
    try {
      if (labelled) await manifests.labels(id, { signal });
    } catch (error) {
      if (!isDamage(error)) throw error;
      await tell(problemOf(error, { object: LABELS_NAME }));
    }
    try {
      return await manifests.manifest(id, { signal });
    } catch (error) {
      if (!isDamage(error)) throw error;
      await tell(problemOf(error, { object: MANIFEST_NAME }));
      return null;
    }
  }

  async #objects(id: string, manifest: Manifest, tell: TellProblem): Promise<void> {
    const { manifests, level, signal } = this.#tools;
    const problems: VerifyProblem[] = [];
    const objects = level === "presence" ? level : "checksum";
    await manifests.checkObjects(id, manifest, objects, { signal, onProblem: (problem) => problems.push(problem) });
    for (const problem of problems) await tell(problem);
  }

  async #open(id: string, part: PartInfo, tell: TellProblem): Promise<ListedPart | null> {
    const { site, signal } = this.#tools;
    const { context, key } = site;
    try {
      const place = { storage: context.storage, key, siteId: context.siteId, id };
      return { part, root: (await openPartObject(place, part, { signal })).list };
    } catch (error) {
      if (!isDamage(error)) throw error;
      await tell(problemOf(error, { source: part.source, object: part.objects[0]?.name ?? "" }));
      return null;
    }
  }
}

type Tell = (error: LifeboatError, source: string, path?: string) => Promise<void>;
type TellProblem = (problem: VerifyProblem) => Promise<void>;
