import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { loadVectors } from "./vectors/load.ts";
import type { SealedVector } from "./vectors/sealed-vector.ts";
import type { SlotVector } from "./vectors/slots.ts";

/** The portable entry as one script, as for a page in a browser. */
async function bundled(): Promise<string> {
  const result = await build({
    entryPoints: [join(import.meta.dirname, "../src/portable.ts")],
    bundle: true,
    write: false,
    platform: "browser", // refuses every module of Node
    format: "iife",
    globalName: "lifeboat",
    conditions: ["@lifeboat/source"],
    logLevel: "silent",
  });
  return result.outputFiles[0]?.text ?? "";
}

describe("the portable entry", () => {
  it("opens a sealed object from its passphrase where there is nothing of Node", async () => {
    const global = { crypto, TextEncoder, TextDecoder, WebAssembly, console };
    const page = createContext(global);
    runInContext(await bundled(), page);
    const sealed = loadVectors<SealedVector>("sealed.jsonl")[0];
    const slot = loadVectors<SlotVector>("slots.jsonl")[0];
    Object.assign(global, { sealed, slot });
    const outcome = await runInContext(
      `(async () => {
        const fromHex = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
        const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
        const { siteKey } = await lifeboat.portableCrypto().openKeyBlock(
          new TextEncoder().encode(slot.keyBlock),
          lifeboat.passphrase(slot.key.secret),
        );
        const content = lifeboat.portableCrypto().openBytes(fromHex(sealed.sealed), fromHex(sealed.siteKey));
        return [toHex(siteKey), toHex(content), typeof Buffer, typeof process];
      })()`,
      page,
    );
    expect([...outcome]).toEqual([slot?.siteKey, sealed?.content, "undefined", "undefined"]);
  });
});
