import type { ProblemReport } from "@lifeboat/contracts";
import type { Body } from "../list/refs.ts";
import type { ListRow } from "../list/row.ts";
import type { ListWriter } from "./list-writer.ts";
import type { PlacedRow } from "./row-batch.ts";

/** Rows that are listed together, once all that comes before them is. */
export type RowSlot = Promise<readonly PlacedRow[]>;

/** So many slots wait for their turn, at most, beyond what threads have in hand. */
const SLOTS = 8;

/** Lists rows in the order of their entries, whatever the order in which their content is stored. */
export class RowQueue {
  readonly counts = { files: 0, directories: 0, links: 0 };
  readonly #list: ListWriter;
  readonly #report: (problem: ProblemReport) => void;
  readonly #slots: RowSlot[] = [];
  /** Paths of what could not be read, or not as it should be. */
  readonly #troubled = new Set<string>();
  readonly #leftOut = new Set<string>();
  #size = 0;

  constructor(list: ListWriter, report: (problem: ProblemReport) => void) {
    this.#list = list;
    this.#report = report;
  }

  /** Bytes of content of the rows that are listed. */
  get size(): number {
    return this.#size;
  }

  /** How many rows are listed. */
  get entries(): number {
    const { files, directories, links } = this.counts;
    return files + directories + links;
  }

  /** Notes that an entry is not in the list. */
  leaveOut(path: string): void {
    this.#leftOut.add(path);
  }

  /** Notes that an entry's content is not what it should be: the next backup reads it again. */
  trouble(path: string): void {
    this.#troubled.add(path);
  }

  /** @param inHand how many slots the threads have in hand */
  async add(slot: RowSlot, inHand: number): Promise<void> {
    slot.catch(() => undefined); // #emit() reports it
    this.#slots.push(slot);
    while (this.#slots.length > SLOTS + inHand) await this.#emit();
  }

  /** Lists what is left, and answers the list's root. */
  async end(): Promise<Body> {
    while (this.#slots.length > 0) await this.#emit();
    return this.#list.end();
  }

  async #emit(): Promise<void> {
    for (const { row, same } of (await this.#slots.shift()) ?? []) {
      if (row === null || this.#hasLostTarget(row)) continue;
      this.#count(row);
      const again = this.#troubled.has(row.path);
      const ended = this.#list.add(again ? { ...row, ctimeMs: Number.NaN } : row, again ? null : same);
      if (ended !== undefined) await ended;
    }
  }

  /** A hard link goes with the file that it shares. */
  #hasLostTarget({ path, type, target }: ListRow): boolean {
    if (type !== "hardlink" || target === undefined || !this.#leftOut.has(target)) return false;
    this.#leftOut.add(path);
    const message = "The file that it is a hard link to could not be read.";
    this.#report({ path, code: "NOT_FOUND", message });
    return true;
  }

  #count({ type, size }: ListRow): void {
    if (type === "file") this.counts.files += 1;
    else if (type === "directory") this.counts.directories += 1;
    else this.counts.links += 1;
    this.#size += size;
  }
}
