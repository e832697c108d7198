import { randomBytes } from "node:crypto";
import type { AbortOptions, CheckLevel, Clock, SiteContext } from "@lifeboat/contracts";
import { fieldReader, readSiteDocument, type SiteDocument, writeSiteDocument } from "@lifeboat/manifests";
import { isDamage } from "../errors.ts";

const PREFIX = "verified/";
const KEY = /^verified\/([0-9a-f]{32})\.json$/;
const LEVELS: readonly CheckLevel[] = ["presence", "checksum", "content"];

interface Verified {
  readonly id: string;
  readonly level: CheckLevel;
  /** By the clock of the host that verified it, in milliseconds since 1970. */
  readonly time: number;
}

/** What a site remembers of its backups' verifications (docs/spec/manifest.md, "Verifications"). Losing it costs only order. */
export class BackupRecords {
  readonly #site: SiteContext;
  readonly #clock: Clock;
  readonly #latest = new Map<string, Verified>();
  readonly #keys: string[] = [];
  #noted = false;
  #failed = false;

  constructor(site: SiteContext, clock: Clock) {
    this.#site = site;
    this.#clock = clock;
  }

  /** Whether all that was noted could be written. */
  get remembered(): boolean {
    return !this.#failed;
  }

  /** Reads what there is. */
  async load(options: AbortOptions): Promise<void> {
    for await (const { key } of this.#site.storage.list(PREFIX, options)) {
      const name = KEY.exec(key)?.[1];
      if (name !== undefined) this.#keys.push(name);
    }
    for (const name of this.#keys) {
      try {
        const { open } = await readSiteDocument(this.#site, place(name), options);
        for (const each of verifiedOf(open.backups, place(name).key)) this.#take(each);
      } catch (error) {
        if (!isDamage(error)) throw error; // gone, or damaged: what it told is verified again
      }
    }
  }

  /** When a backup was last verified at this level, or more thoroughly. */
  lastOf(id: string, level: CheckLevel): number | undefined {
    const times = LEVELS.slice(LEVELS.indexOf(level)).map((each) => this.#latest.get(`${id} ${each}`)?.time);
    const known = times.filter((time) => time !== undefined);
    return known.length === 0 ? undefined : Math.max(...known);
  }

  /** Notes a backup that was verified just now. */
  note(id: string, level: CheckLevel): void {
    this.#take({ id, level, time: this.#clock.now() });
    this.#noted = true;
  }

  /** Writes all that is known of these backups, and then takes away what told it before. That it can't is no failure. */
  async save(exist: ReadonlySet<string>, options: AbortOptions): Promise<void> {
    if (!this.#noted) return;
    const backups = [...this.#latest.values()].filter(({ id }) => exist.has(id));
    const open = { backups: backups.map(({ id, level, time }) => ({ id, level, time })) };
    try {
      const name = randomBytes(16).toString("hex");
      await writeSiteDocument(this.#site, place(name), open, {}, { ...options, ifAbsent: true });
      if (this.#keys.length > 0)
        await this.#site.storage.delete(
          this.#keys.map((key) => place(key).key),
          options,
        );
    } catch (error) {
      if (options.signal?.aborted === true) throw error;
      this.#failed = true; // told by `remembered`
    }
  }

  #take(verified: Verified): void {
    const name = `${verified.id} ${verified.level}`;
    if ((this.#latest.get(name)?.time ?? Number.NEGATIVE_INFINITY) <= verified.time) this.#latest.set(name, verified);
  }
}

function place(name: string): SiteDocument {
  return { type: "verified", id: name, key: `${PREFIX}${name}.json`, version: 1 };
}

function verifiedOf(value: unknown, key: string): Verified[] {
  const read = fieldReader("verified.read", key);
  return read.array(value, "backups").map((each, n): Verified => {
    const { id, level: found, time } = read.object(each, `backups[${n}]`);
    const level = LEVELS.find((one) => one === found) ?? read.refuse(`backups[${n}].level`, LEVELS.join(", "));
    const moment = typeof time === "number" ? time : read.refuse(`backups[${n}].time`, "a number");
    return { id: read.text(id, `backups[${n}].id`), level, time: moment };
  });
}
