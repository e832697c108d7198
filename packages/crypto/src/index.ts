export type {
  CreateDescriptorOptions,
  OpenedDescriptor,
  SiteDescriptor,
  WrittenDescriptor,
} from "./lib/descriptor.ts";
export type {
  DecodeDocumentOptions,
  DocumentContext,
  Documents,
  DocumentValue,
  EncodeDocumentOptions,
} from "./lib/document.ts";
export { encodeKeyBlock, type KeyBlock, parseKeyBlock } from "./lib/key-block.ts";
export {
  type PassphraseKey,
  type PassphraseOptions,
  passphrase,
  type RawKey,
  type RecoveryCodeKey,
  rawKey,
  recoveryCode,
  type SecretText,
  type SiteKeyOption,
  type SlotKeyOption,
  type Unencrypted,
  unencrypted,
} from "./lib/key-options.ts";
export type { Keys, SubkeyLabel } from "./lib/keys.ts";
export {
  addSlot,
  createDescriptor,
  createSiteKey,
  createSlot,
  decodeDocument,
  deriveSubkey,
  encodeDocument,
  generateRecoveryCode,
  openDescriptor,
  openKeyBlock,
  openSlots,
  readDescriptor,
  removeSlot,
  replaceSlot,
} from "./lib/node-keys.ts";
export type { OpenSite, SlotAdded } from "./lib/rewrite.ts";
export type { AnySlot, Argon2Kdf, HkdfKdf, KeySlot, PassphraseSlot, SecretSlot, UnknownSlot } from "./lib/slot.ts";
export type { CreateSlotOptions, OpenedSlots } from "./lib/slots.ts";
export * from "./sealing.ts";
