import { invalid } from "./errors.ts";

/** Where a secret comes from: the text itself, or what asks for it when it is needed. */
export type SecretText = string | (() => string | Promise<string>);

/** The secret's place: a symbol and not enumerable, so that printing, JSON and cloning leave it out. */
const SECRET: unique symbol = Symbol.for("lifeboat.secret");

/** A passphrase, stretched by Argon2id. */
export interface PassphraseKey {
  readonly kind: "passphrase";
  /** For new slots: KiB of memory. */
  readonly memoryKiB: number;
  /** For new slots: passes over the memory. */
  readonly passes: number;
  readonly [SECRET]: () => Promise<string>;
}

/** A generated recovery code. */
export interface RecoveryCodeKey {
  readonly kind: "recovery";
  readonly [SECRET]: () => Promise<string>;
}

/** A key of the host's own. */
export interface RawKey {
  readonly kind: "raw";
  readonly [SECRET]: () => Promise<Uint8Array>;
}

/** In so many words: no encryption. */
export interface Unencrypted {
  readonly kind: "unencrypted";
}

/** What opens a key slot. */
export type SlotKeyOption = PassphraseKey | RecoveryCodeKey | RawKey;

/** How a site is locked. The secret inside is not enumerable and never printed. */
export type SiteKeyOption = SlotKeyOption | Unencrypted;

/** What stretching a passphrase costs, for new slots. */
export interface PassphraseOptions {
  /** KiB of memory, 8 to 1,048,576. Default: 65,536 (64 MiB). */
  readonly memoryKiB?: number | undefined;
  /** Passes over the memory, 1 to 64; memory times passes at most 4,194,304 KiB. Default: 3. */
  readonly passes?: number | undefined;
}

/** The most memory for Argon2id, made or read, in KiB: 1 GiB. */
export const MAX_MEMORY_KIB = 1_048_576;
/** The most passes. */
export const MAX_PASSES = 64;
/** The most memory times passes, in KiB: some ten seconds, in WebAssembly on a slow processor a minute. */
export const MAX_WORK_KIB = 4 * 1_048_576;
/** The most of it for all slots that are tried together: those of an honest site take a fraction of it. */
export const MAX_TOTAL_WORK_KIB = 16 * 1_048_576;
/** The most lanes. */
export const MAX_PARALLELISM = 16;

/**
 * A passphrase that people know. A function is called each time it is needed.
 *
 * @throws INVALID on an empty passphrase, or a cost out of its limits
 */
export function passphrase(secret: SecretText, options: PassphraseOptions = {}): PassphraseKey {
  const { memoryKiB = 65_536, passes = 3 } = options;
  const tooMuch = memoryKiB * passes > MAX_WORK_KIB;
  if (!within(memoryKiB, 8, MAX_MEMORY_KIB) || !within(passes, 1, MAX_PASSES) || tooMuch) {
    const limits = `memory of 8 to ${MAX_MEMORY_KIB} KiB, 1 to ${MAX_PASSES} passes, and ${MAX_WORK_KIB} for their product`;
    throw invalid("keys.passphrase", `Expected ${limits}, found ${memoryKiB} KiB and ${passes}.`);
  }
  const key = { kind: "passphrase", memoryKiB, passes } as const;
  return hide(key, textOf(secret, "keys.passphrase", "passphrase"));
}

/** A recovery code made by `generateRecoveryCode`, as somebody typed it. It is checked when it is used. */
export function recoveryCode(code: SecretText): RecoveryCodeKey {
  return hide({ kind: "recovery" } as const, textOf(code, "keys.recoveryCode", "recovery code"));
}

/**
 * A key that the host keeps elsewhere: 32 to 1,024 bytes of randomness.
 *
 * @throws INVALID on another length
 */
export function rawKey(bytes: Uint8Array): RawKey {
  if (!(bytes instanceof Uint8Array) || bytes.length < 32 || bytes.length > 1024) {
    throw invalid("keys.rawKey", "Expected 32 to 1,024 random bytes, found something else.");
  }
  const copy = Uint8Array.from(bytes);
  return hide({ kind: "raw" } as const, async () => copy);
}

/** No encryption: whoever can read the storage can read the backups. */
export function unencrypted(): Unencrypted {
  return { kind: "unencrypted" };
}

/** The secret of a key option. */
export function secretOf(option: PassphraseKey | RecoveryCodeKey): Promise<string>;
export function secretOf(option: RawKey): Promise<Uint8Array>;
export function secretOf(option: SlotKeyOption): Promise<string | Uint8Array> {
  return option[SECRET]();
}

function hide<T extends object, S>(key: T, secret: () => Promise<S>): T & { readonly [SECRET]: () => Promise<S> } {
  return Object.freeze(
    Object.defineProperty(key, SECRET, { value: secret }) as T & { readonly [SECRET]: () => Promise<S> },
  );
}

function textOf(secret: SecretText, operation: string, what: string): () => Promise<string> {
  const check = (text: unknown): string => {
    if (typeof text === "string" && text !== "" && text.isWellFormed()) return text;
    const found =
      text === "" ? "an empty text" : typeof text === "string" ? "one that is not well-formed" : typeof text;
    const hint = "If it comes from the environment or a file, check that it is set there.";
    throw invalid(operation, `Expected a ${what}, found ${found}.`, hint);
  };
  if (typeof secret === "function") return async () => check(await secret());
  const text = check(secret);
  return async () => text;
}

function within(n: number, least: number, most: number): boolean {
  return Number.isInteger(n) && n >= least && n <= most;
}
