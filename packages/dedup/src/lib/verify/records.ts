import { randomBytes } from "node:crypto";
import { type AbortOptions, type Clock, isLifeboatError, type LifeboatError, type Storage } from "@lifeboat/contracts";
import type { DedupSite } from "../dedup-site.ts";
import { isDamage } from "../read/read-errors.ts";
import { readObject } from "../read-object.ts";
import type { SealingKey } from "../site-key.ts";
import { decodeRecord, encodeRecord, MAX_RECORD_BYTES, MAX_VERIFIED, type PackVerified } from "./record.ts";

const PREFIX = "verified/";
const KEY = /^verified\/[0-9a-f]{32}$/;
/** So many objects are put together into one. */
const WORTH_MERGING = 8;
/** After so many milliseconds what was verified is written, so that a crash costs no more than that. */
const FLUSH_MS = 60_000;
/** Clocks that differ by less are the same. */
const SAME_MS = 1000;

/** What a site remembers of verifications. */
export class Records {
  readonly #storage: Storage;
  readonly #key: SealingKey;
  readonly #clock: Clock;
  /** The objects there were, our own among them. */
  readonly #keys = new Set<string>();
  readonly #latest = new Map<string, PackVerified>();
  #own: PackVerified[] = [];
  /** The objects that tell of them, as long as they are told of nowhere else. */
  #ownKeys: string[] = [];
  #flushed: number;
  /** By how much the storage's clock is ahead of ours; measured by the first object that is written. */
  #ahead: number | undefined;
  #failed = false;

  constructor({ context, key, clock }: DedupSite) {
    this.#storage = context.storage;
    this.#key = key;
    this.#clock = clock;
    this.#flushed = clock.monotonic();
  }

  /** Whether all that was noted could be written. */
  get remembered(): boolean {
    return !this.#failed;
  }

  /** Reads what there is. One that vanishes was put together with others; what it told is noted there. */
  async load(onDamaged: (key: string, error: LifeboatError) => void, options: AbortOptions): Promise<void> {
    const keys: string[] = [];
    for await (const { key } of this.#storage.list(PREFIX, options)) if (KEY.test(key)) keys.push(key);
    for (const key of keys) {
      try {
        const bytes = await readObject(this.#storage, key, MAX_RECORD_BYTES, options);
        for (const row of decodeRecord(this.#key, bytes, key)) this.#take(row);
      } catch (error) {
        if (isLifeboatError(error, "NOT_FOUND")) continue;
        if (!isDamage(error)) throw error;
        onDamaged(key, error);
      }
      this.#keys.add(key);
    }
  }

  /** When a pack was last verified at this level, or more thoroughly. */
  lastOf(pack: string, level: PackVerified["level"]): number | undefined {
    const known = this.#latest.get(name(pack, "content"));
    if (level === "content") return known?.time;
    const other = this.#latest.get(name(pack, "checksum"));
    return later(known, other)?.time;
  }

  /** Whether a pack was damaged when it was last verified. */
  isDamaged(pack: string): boolean {
    const last = later(this.#latest.get(name(pack, "content")), this.#latest.get(name(pack, "checksum")));
    return last !== undefined && !last.good;
  }

  /** Notes a pack that was verified just now. */
  note(id: string, level: PackVerified["level"], good: boolean): void {
    const row = { id, level, good, time: this.#clock.now() + (this.#ahead ?? 0) };
    this.#own.push(row);
    this.#take(row);
  }

  /** Writes what was noted, now and then. */
  async flushIfDue(options: AbortOptions): Promise<void> {
    if (this.#clock.monotonic() - this.#flushed >= FLUSH_MS) await this.flush(() => true, options);
  }

  /**
   * Writes what was noted. That it can't be written is no failure: then it is not remembered.
   *
   * @param exists whether a pack is still there; others are forgotten
   */
  async flush(exists: (pack: string) => boolean, options: AbortOptions): Promise<void> {
    this.#flushed = this.#clock.monotonic();
    if (this.#own.length === 0 || this.#failed) return;
    try {
      await this.#write(exists, options);
    } catch (error) {
      if (options.signal?.aborted === true) throw error;
      this.#failed = true; // told by `remembered`: what was found out counts all the same
    }
  }

  async #write(exists: (pack: string) => boolean, options: AbortOptions): Promise<void> {
    const isMerging = this.#keys.size >= WORTH_MERGING;
    const rows = isMerging ? [...this.#latest.values()].filter(({ id }) => exists(id)) : this.#own;
    const before = isMerging ? [...this.#keys] : this.#ownKeys;
    this.#ownKeys = [];
    for (let at = 0; at < rows.length; at += MAX_VERIFIED) {
      await this.#put(rows.slice(at, at + MAX_VERIFIED), options);
    }
    if (isMerging) {
      this.#own = [];
      this.#ownKeys = [];
    }
    for (const key of before) this.#keys.delete(key);
    try {
      if (before.length > 0) await this.#storage.delete(before, options);
    } catch (error) {
      if (!isLifeboatError(error)) throw error; // what stays says nothing wrong: the latest counts
    }
  }

  /** Puts an object; the first time looks by how much the clocks differ. */
  async #put(rows: readonly PackVerified[], options: AbortOptions): Promise<void> {
    const key = `${PREFIX}${randomBytes(16).toString("hex")}`;
    const now = this.#clock.now();
    const stored = await this.#storage.put(key, encodeRecord(this.#key, rows), { ...options, ifAbsent: true });
    this.#keys.add(key);
    this.#ownKeys.push(key);
    if (this.#ahead !== undefined) return;
    const ahead = stored.modified.getTime() - now;
    this.#ahead = Math.abs(ahead) < SAME_MS ? 0 : ahead;
    if (this.#ahead === 0) return;
    for (const [n, row] of this.#own.entries()) {
      const right = { ...row, time: row.time + this.#ahead };
      this.#own[n] = right;
      this.#latest.set(name(row.id, row.level), right);
    }
    const mine = new Map(this.#own.map((row) => [name(row.id, row.level), row]));
    const right = rows.map((row) => mine.get(name(row.id, row.level)) ?? row);
    await this.#storage.put(key, encodeRecord(this.#key, right), options);
  }

  #take(row: PackVerified): void {
    const known = this.#latest.get(name(row.id, row.level));
    if (later(row, known) === row) this.#latest.set(name(row.id, row.level), row);
  }
}

function name(pack: string, level: PackVerified["level"]): string {
  return `${pack} ${level}`;
}

function later(a: PackVerified | undefined, b: PackVerified | undefined): PackVerified | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.time >= b.time ? a : b;
}
