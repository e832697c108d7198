import { argon2id } from "./argon2.ts";
import { createDocuments, type Documents } from "./document.ts";
import { createKeys, type Keys } from "./keys.ts";
import { nodePrimitives } from "./node-primitives.ts";

const documents: Documents = /* @__PURE__ */ createDocuments(nodePrimitives);
const keys: Keys = /* @__PURE__ */ createKeys({ primitives: nodePrimitives, argon2id });

/** Writes a protected JSON document: {@link Documents.encodeDocument}. */
export const encodeDocument: Documents["encodeDocument"] = (value, options) => documents.encodeDocument(value, options);

/** Reads a protected JSON document: {@link Documents.decodeDocument}. */
export const decodeDocument: Documents["decodeDocument"] = (bytes, options) => documents.decodeDocument(bytes, options);

/** A new site key: {@link Keys.createSiteKey}. */
export const createSiteKey: Keys["createSiteKey"] = () => keys.createSiteKey();

/** A key for one purpose: {@link Keys.deriveSubkey}. */
export const deriveSubkey: Keys["deriveSubkey"] = (siteKey, label) => keys.deriveSubkey(siteKey, label);

/** A new recovery code to print: {@link Keys.generateRecoveryCode}. */
export const generateRecoveryCode: Keys["generateRecoveryCode"] = () => keys.generateRecoveryCode();

/** Wraps a site key: {@link Keys.createSlot}. */
export const createSlot: Keys["createSlot"] = (siteKey, siteId, option, options) =>
  keys.createSlot(siteKey, siteId, option, options);

/** The site key out of the first slot that opens: {@link Keys.openSlots}. */
export const openSlots: Keys["openSlots"] = (slots, siteId, option, options) =>
  keys.openSlots(slots, siteId, option, options);

/** The site key out of the slots that a sealed object carries: {@link Keys.openKeyBlock}. */
export const openKeyBlock: Keys["openKeyBlock"] = (keyBlock, option, options) =>
  keys.openKeyBlock(keyBlock, option, options);

/** A new site: {@link Keys.createDescriptor}. */
export const createDescriptor: Keys["createDescriptor"] = (options) => keys.createDescriptor(options);

/** Reads `lifeboat.json` and opens the site: {@link Keys.openDescriptor}. */
export const openDescriptor: Keys["openDescriptor"] = (bytes, option, options) =>
  keys.openDescriptor(bytes, option, options);

/** Reads `lifeboat.json` without a key: {@link Keys.readDescriptor}. */
export const readDescriptor: Keys["readDescriptor"] = (bytes) => keys.readDescriptor(bytes);

/** Adds a slot to a site: {@link Keys.addSlot}. */
export const addSlot: Keys["addSlot"] = (site, option, options) => keys.addSlot(site, option, options);

/** Removes a slot from a site: {@link Keys.removeSlot}. */
export const removeSlot: Keys["removeSlot"] = (site, slotId) => keys.removeSlot(site, slotId);

/** Changes a passphrase: {@link Keys.replaceSlot}. */
export const replaceSlot: Keys["replaceSlot"] = (site, slotId, option, options) =>
  keys.replaceSlot(site, slotId, option, options);
