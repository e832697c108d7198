// The same formats in pure JavaScript and WebAssembly, for where there is no `node:crypto`.
import { argon2Wasm } from "./lib/argon2-wasm.ts";
import { createDocuments, type Documents } from "./lib/document.ts";
import { createKeys, type Keys } from "./lib/keys.ts";
import { portablePrimitives } from "./lib/portable-primitives.ts";
import { createSealing, type Sealing } from "./lib/sealing.ts";

export { encodeKeyBlock, type KeyBlock, parseKeyBlock } from "./lib/key-block.ts";
export {
  passphrase,
  rawKey,
  recoveryCode,
  type SiteKeyOption,
  type SlotKeyOption,
  unencrypted,
} from "./lib/key-options.ts";
export { decodeTable, encodeTable, type SealedTable, type TableRow } from "./lib/table.ts";
export type { Documents, Keys, Sealing };

/** Everything that the main entry does, by other means. About fifty times slower; Argon2id blocks the caller's thread. */
export interface PortableCrypto extends Sealing, Documents, Keys {}

/** Makes the portable implementation. It gives the same bytes as the main entry. */
export function portableCrypto(): PortableCrypto {
  return {
    ...createSealing(portablePrimitives),
    ...createDocuments(portablePrimitives),
    ...createKeys({ primitives: portablePrimitives, argon2id: async (input) => argon2Wasm(input) }),
  };
}
