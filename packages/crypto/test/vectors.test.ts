import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ErrorCode, isLifeboatError } from "@lifeboat/contracts";
import * as node from "@lifeboat/crypto";
import {
  type Documents,
  type Keys,
  parseKeyBlock,
  passphrase,
  rawKey,
  recoveryCode,
  type SealedKind,
  type Sealing,
  type SiteKeyOption,
  type UnsealOptions,
  unencrypted,
} from "@lifeboat/crypto";
import { portableCrypto } from "@lifeboat/crypto/portable";
import { describe, expect, it } from "vitest";
import { argon2Wasm } from "../src/lib/argon2-wasm.ts";
import { createKeys } from "../src/lib/keys.ts";
import { nodePrimitives } from "../src/lib/node-primitives.ts";
import { parseRecoveryCode } from "../src/lib/recovery-code.ts";
import { pieces, readerOf } from "./helpers.ts";
import type { CodeVector } from "./vectors/codes.ts";
import type { DocumentVector } from "./vectors/documents.ts";
import { fromHex, toHex } from "./vectors/fixed.ts";
import { fixtures } from "./vectors/fixtures.ts";
import { loadVectors, vectorsByClass } from "./vectors/load.ts";
import { unwrap } from "./vectors/sealed-parts.ts";
import type { SealedVector } from "./vectors/sealed-vector.ts";
import type { SiteVector } from "./vectors/sites.ts";
import type { SlotVector } from "./vectors/slots.ts";

// The fast implementation with Argon2id on this thread: hundreds of slots, each on a thread of its own, take too long.
const fast = { ...node, ...createKeys({ primitives: nodePrimitives, argon2id: argon2Wasm }) };
const implementations: [string, Sealing & Documents & Keys][] = [
  ["node:crypto", fast],
  ["the portable implementation", portableCrypto()],
];

/** What came out, and how it ended. */
interface Outcome {
  readonly content: string;
  readonly code?: ErrorCode;
}

const readings: Record<string, (crypto: Sealing, vector: SealedVector) => Promise<Outcome>> = {
  "read whole": (crypto, vector) =>
    gather(async (emit) => {
      emit(crypto.openBytes(fromHex(vector.sealed), fromHex(vector.siteKey), optionsOf(vector)));
    }),
  streamed: (crypto, vector) => streamed(crypto, vector, 65_536),
  "one byte at a time": (crypto, vector) => streamed(crypto, vector, 1),
  "read at random": (crypto, vector) =>
    gather(async (emit) => {
      const reader = readerOf(fromHex(vector.sealed));
      const open = await crypto.openSealed(reader, fromHex(vector.siteKey), optionsOf(vector));
      for await (const piece of open.segments(open.table.rows.keys())) emit(piece);
      // The wrapped table is part of an archive part's content, but not of its data segments.
      if (open.header.kind === 1) emit(fromHex(vector.content).subarray(-(32 + 9 * open.table.rows.length)));
    }),
};

describe.each(implementations)("by %s, a sealed object", (_, crypto) => {
  describe.each(Object.entries(readings))("%s", (_, read) => {
    it.each(vectorsByClass<SealedVector>("sealed.jsonl"))(
      "of class %s gives what its vector says",
      async (_, vectors) => {
        for (const vector of vectors) {
          const { content, code } = await read(crypto, vector);
          expect(code, vector.name).toBe(vector.code);
          if (code === undefined) expect(content, vector.name).toBe(vector.content);
          else
            expect(vector.content.startsWith(content), `${vector.name}: only authentic content may come out`).toBe(
              true,
            );
        }
      },
    );
  });
});

describe.each(implementations)("by %s, a key block", (_, keys) => {
  it.each(vectorsByClass<SlotVector>("slots.jsonl"))("of class %s gives what its vector says", async (_, vectors) => {
    for (const { name, key, keyBlock, code, siteKey } of vectors) {
      const outcome = await attempt(async () => {
        const bytes = new TextEncoder().encode(keyBlock);
        return toHex((await keys.openKeyBlock(bytes, optionOf(key))).siteKey);
      });
      expect(outcome, name).toEqual(code === undefined ? { value: siteKey } : { code });
    }
  });
});

describe.each(implementations)("by %s, a site descriptor", (_, keys) => {
  it.each(vectorsByClass<SiteVector>("sites.jsonl"))("of class %s gives what its vector says", async (_, vectors) => {
    for (const { name, passphrase: secret, file, code, siteKey = null } of vectors) {
      const outcome = await attempt(async () => {
        const option = secret === null ? unencrypted() : passphrase(secret);
        const { siteKey } = await keys.openDescriptor(new TextEncoder().encode(file), option);
        return siteKey === null ? null : toHex(siteKey);
      });
      expect(outcome, name).toEqual(code === undefined ? { value: siteKey } : { code });
    }
  });
});

describe.each(implementations)("by %s, a document", (_, crypto) => {
  it.each(vectorsByClass<DocumentVector>("documents.jsonl"))(
    "of class %s gives what its vector says",
    async (_, vectors) => {
      for (const { name, macKey, type, id, siteId, bytes, code, value } of vectors) {
        const outcome = await attempt(async () => {
          const key = macKey === null ? null : fromHex(macKey);
          return crypto.decodeDocument(fromHex(bytes), {
            macKey: key,
            context: { type, id },
            siteId,
            operation: "test",
          });
        });
        expect(outcome, name).toEqual(code === undefined ? { value } : { code });
      }
    },
  );
});

describe("a recovery code", () => {
  it("is read as its vector says", async () => {
    for (const { name, typed, secret } of loadVectors<CodeVector>("recovery-codes.jsonl")) {
      const outcome = await attempt(async () => toHex(parseRecoveryCode(nodePrimitives, typed)));
      expect(outcome, name).toEqual(secret === undefined ? { code: "INVALID" } : { value: secret });
    }
  });
});

describe("the vectors", () => {
  it("are those that the script makes", async () => {
    for (const [name, text] of Object.entries(await fixtures())) {
      expect(readFileSync(join(import.meta.dirname, "vectors", name), "utf8") === text, name).toBe(true);
    }
  });

  it("are at least a hundred that must fail", () => {
    expect(
      loadVectors<SealedVector>("sealed.jsonl").filter((vector) => vector.code !== undefined).length,
    ).toBeGreaterThan(200);
    expect(
      parseKeyBlock(new TextEncoder().encode(loadVectors<SlotVector>("slots.jsonl")[0]?.keyBlock)).slots.length,
    ).toBe(1);
  });
});

function streamed(crypto: Sealing, vector: SealedVector, size: number): Promise<Outcome> {
  return gather(async (emit) => {
    const input = pieces(fromHex(vector.sealed), size);
    for await (const piece of crypto.unsealStream(input, fromHex(vector.siteKey), optionsOf(vector))) emit(piece);
  });
}

function optionsOf({ kind, sealed }: SealedVector): UnsealOptions {
  const archivePart = sealed.slice(20, 22) === "01";
  return {
    kind: kind as SealedKind | undefined,
    ...(archivePart ? { unwrapTable: unwrap } : {}),
  };
}

async function gather(run: (emit: (piece: Uint8Array) => void) => Promise<void>): Promise<Outcome> {
  let content = "";
  const outcome = await attempt(() =>
    run((piece) => {
      content += toHex(piece);
    }),
  );
  return { content, ...("code" in outcome ? { code: outcome.code } : {}) };
}

async function attempt<T>(run: () => Promise<T>): Promise<{ value: T } | { code: ErrorCode }> {
  try {
    return { value: await run() };
  } catch (error) {
    if (isLifeboatError(error)) return { code: error.code };
    throw error;
  }
}

function optionOf({ kind, secret }: SlotVector["key"]): SiteKeyOption {
  switch (kind) {
    case "passphrase":
      return passphrase(secret);
    case "recovery":
      return recoveryCode(secret);
    case "raw":
      return rawKey(fromHex(secret));
    case "unencrypted":
      return unencrypted();
  }
}
