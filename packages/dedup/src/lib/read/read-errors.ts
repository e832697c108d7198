import { isLifeboatError, LifeboatError } from "@lifeboat/contracts";
import { packKey } from "../pack/pack-name.ts";

/** The codes that damage may have; anything else says nothing of what lies in the site. */
const DAMAGE: ReadonlySet<string> = new Set(["NOT_FOUND", "CORRUPT", "WRONG_KEY", "UNSUPPORTED", "INCOMPATIBLE"]);

/** Whether an error says that something is missing or damaged, so that another copy may do. */
export function isDamage(error: unknown): error is LifeboatError {
  return isLifeboatError(error) && DAMAGE.has(error.code);
}

/**
 * Whether an error says that bytes are missing or not what they were, and not that a later version has written them:
 * then nobody is to rely on what it is about.
 */
export function isLoss(error: LifeboatError): boolean {
  return error.code === "NOT_FOUND" || error.code === "CORRUPT" || error.code === "WRONG_KEY";
}

const HINT =
  "Repair the site with engine.repair({ site }): it names the entries that are touched, and lets the next backup store again what it still can.";

/** NOT_FOUND: a pack is missing. */
export function missingPack(pack: string, cause?: unknown): LifeboatError {
  const key = packKey(pack);
  const message = `The pack ${key} is missing.`;
  return new LifeboatError({ code: "NOT_FOUND", operation: "dedup.read", key, message, hint: HINT, cause });
}

/** The codes that say of whole bytes why they can't be read; they are told as they are. */
const WHOLE: ReadonlySet<string> = new Set(["WRONG_KEY", "UNSUPPORTED", "INCOMPATIBLE"]);

/**
 * CORRUPT: a pack is damaged. NOT_FOUND where the cause is that it is missing; WRONG_KEY, UNSUPPORTED and INCOMPATIBLE
 * where it is that, since it is then whole.
 */
export function badPack(pack: string, problem: string, cause?: unknown): LifeboatError {
  if (isLifeboatError(cause, "NOT_FOUND")) return missingPack(pack, cause);
  const key = packKey(pack);
  if (isLifeboatError(cause) && WHOLE.has(cause.code)) {
    const { code, hint } = cause;
    const message = `The pack ${key} can't be read: ${cause.message}`;
    return new LifeboatError({ code, operation: "dedup.read", key, message, hint, cause });
  }
  const message = `The pack ${key} is damaged: ${problem}.`;
  return new LifeboatError({ code: "CORRUPT", operation: "dedup.read", key, message, hint: HINT, cause });
}

/** CORRUPT: no index names a chunk that a listed backup refers to. */
export function unknownChunk(id: Uint8Array): LifeboatError {
  return new LifeboatError({
    code: "CORRUPT",
    operation: "dedup.read",
    message: `No index names the chunk ${Buffer.from(id).toString("hex").slice(0, 16)}…, which the backup refers to.`,
    hint: HINT,
  });
}

/** INVALID: content is asked for after the next entry. */
export function tooLate(path: string): LifeboatError {
  return invalid(path, "was to be read before the next entry was pulled");
}

/** INVALID: content is asked for a second time. */
export function readTwice(path: string): LifeboatError {
  return invalid(path, "is read only once");
}

function invalid(path: string, what: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "dedup.read",
    key: path,
    message: `The content of ${JSON.stringify(path)} ${what}.`,
    hint: "Read an entry's content, all of it and once, before going on to the next entry; keep it if it is needed later.",
  });
}

/** CORRUPT: a file's references come to another size than its entry says. */
export function otherSize(path: string, size: number, found: number): LifeboatError {
  return new LifeboatError({
    code: "CORRUPT",
    operation: "dedup.read",
    key: path,
    message: `Expected ${size} bytes in ${JSON.stringify(path)}, as the list says, found ${found}.`,
  });
}
