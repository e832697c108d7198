import { createHash } from "node:crypto";
import { open, readFile, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { LifeboatError } from "@lifeboat/contracts";
import { errnoOf } from "./errors.ts";
import { look, removeFile } from "./files.ts";

/** How the names of claims begin; a claim's content is the temporary name of who made it. */
export const CLAIM = "claim-";

const TRIES = 200;
const PAUSE_MS = 25;

/** What is to be given its final name. */
export interface Finished {
  readonly key: string;
  readonly temporary: string;
  readonly file: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Creates where there are no hard links: whoever makes the claim file of a key,
 * which only one can, looks whether the key is free, and takes it. Answers whether
 * it was.
 *
 * @throws LOCKED where another process holds the claim and neither finishes nor lets go
 */
export async function createByClaim({ key, temporary, file, signal }: Finished): Promise<boolean> {
  const claim = join(dirname(temporary), `${CLAIM}${createHash("sha256").update(key).digest("hex")}`);
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (await claimed(claim, basename(temporary))) {
      try {
        if ((await look(file)) !== null) return false;
        await rename(temporary, file);
        return true;
      } finally {
        await removeFile(claim);
      }
    }
    if ((await look(file)) !== null) return false;
    await pause(PAUSE_MS, undefined, { signal });
  }
  throw new LifeboatError({
    code: "LOCKED",
    operation: "storage.put",
    key,
    message: `Expected to be the only one creating ${JSON.stringify(key)}, but another process has claimed it.`,
    hint: `If that process has died, delete ${JSON.stringify(claim)}; it is also removed a day after.`,
    retryable: true,
  });
}

/** The temporary name that a claim was made for; empty where the claim is gone. */
export async function claimant(claim: string): Promise<string> {
  try {
    return await readFile(claim, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  }
}

async function claimed(claim: string, by: string): Promise<boolean> {
  try {
    await using file = await open(claim, "wx", 0o600);
    await file.writeFile(by);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  }
}
