/** So much of what a program said last is kept for messages, in bytes. */
const TAIL = 4096;
const MASK = "***";
/** Values shorter than this are no secrets, and masking them would garble every message. */
const SHORTEST = 3;
/** The user and password of an address, as in `postgres://joe:secret@host`. */
const CREDENTIALS = /(?<=\w:\/\/)[^\s/]+(?=@)/g;

/** Keeps the end of a program's standard error, without the secrets that it was given. */
export class StderrTail {
  readonly #secrets: readonly string[];
  readonly #longest: number;
  #kept = Buffer.alloc(0);
  #cut = false;

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets.filter((secret) => secret.length >= SHORTEST).sort((a, b) => b.length - a.length);
    this.#longest = Math.max(0, ...this.#secrets.map((secret) => Buffer.byteLength(secret)));
  }

  add(piece: Uint8Array): void {
    const all = Buffer.concat([this.#kept, piece]);
    const keep = TAIL + this.#longest;
    this.#cut ||= all.length > keep;
    this.#kept = Buffer.from(all.subarray(Math.max(0, all.length - keep)));
  }

  /** The text, at most 4 KiB of it. */
  text(): string {
    let text = this.#kept.toString("utf8");
    for (const secret of this.#secrets) text = text.replaceAll(secret, MASK);
    text = text.replace(CREDENTIALS, MASK);
    // where it was cut, the first bytes may be the end of a secret
    if (this.#cut) text = text.slice(this.#longest);
    return text.slice(-TAIL).trim();
  }
}
