import { LifeboatError } from "@lifeboat/contracts";
import type { SiteOptions } from "./options.ts";

/**
 * What a compiler would have refused, for hosts without one. Nothing that was given is quoted:
 * in a key's place it may be the passphrase.
 *
 * @throws INVALID for a site without a storage or a key
 */
export function assertSites(all: Readonly<Record<string, SiteOptions>>): void {
  for (const [name, { storage, key }] of Object.entries(all)) {
    if (!isObject(storage)) {
      throw invalid(name, "storage", "Give it one, such as localStorage({ path: … }).");
    }
    if (!isObject(key) || !("kind" in key)) {
      const keys = "passphrase(…), recoveryCode(…), rawKey(…), or in so many words unencrypted()";
      throw invalid(name, "key", `Give it one: ${keys}.`);
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function invalid(site: string, what: string, hint: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "engine.create",
    key: site,
    message: `The site "${site}" has no usable ${what}.`,
    hint,
  });
}
