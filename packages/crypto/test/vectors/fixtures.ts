import { codeVectors } from "./codes.ts";
import { documentVectors } from "./documents.ts";
import { sealedVectors } from "./sealed.ts";
import { siteVectors } from "./sites.ts";
import { slotVectors } from "./slots.ts";

/** The vectors' files, by name. One vector a line. */
export async function fixtures(): Promise<Record<string, string>> {
  return {
    "sealed.jsonl": lines(sealedVectors()),
    "slots.jsonl": lines(await slotVectors()),
    "documents.jsonl": lines(documentVectors()),
    "sites.jsonl": lines(await siteVectors()),
    "recovery-codes.jsonl": lines(codeVectors()),
  };
}

function lines(vectors: readonly object[]): string {
  return vectors.map((vector) => `${JSON.stringify(vector)}\n`).join("");
}
