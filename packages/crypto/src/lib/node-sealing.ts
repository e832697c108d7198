import { nodePrimitives } from "./node-primitives.ts";
import { createSealing, type Sealing } from "./sealing.ts";

const sealing: Sealing = /* @__PURE__ */ createSealing(nodePrimitives);

/** Begins a sealed object: {@link Sealing.beginSeal}. */
export const beginSeal: Sealing["beginSeal"] = (begin) => sealing.beginSeal(begin);

/** Seals one segment: {@link Sealing.sealSegment}. */
export const sealSegment: Sealing["sealSegment"] = (state, index, final, plaintext, room) =>
  sealing.sealSegment(state, index, final, plaintext, room);

/** Opens one segment: {@link Sealing.openSegment}. */
export const openSegment: Sealing["openSegment"] = (state, index, final, segment, room) =>
  sealing.openSegment(state, index, final, segment, room);

/** Reads a header, without a key: {@link Sealing.parseHeader}. */
export const parseHeader: Sealing["parseHeader"] = (bytes) => sealing.parseHeader(bytes);

/** What opens an object's segments: {@link Sealing.openHeader}. */
export const openHeader: Sealing["openHeader"] = (header, siteKey, kind) => sealing.openHeader(header, siteKey, kind);

/** Seals a stream: {@link Sealing.sealStream}. */
export const sealStream: Sealing["sealStream"] = (input, options) => sealing.sealStream(input, options);

/** The content of a sealed stream: {@link Sealing.unsealStream}. */
export const unsealStream: Sealing["unsealStream"] = (input, key, options) => sealing.unsealStream(input, key, options);

/** Opens a sealed object for reading at random: {@link Sealing.openSealed}. */
export const openSealed: Sealing["openSealed"] = (reader, key, options) => sealing.openSealed(reader, key, options);

/** Seals a small value: {@link Sealing.sealBytes}. */
export const sealBytes: Sealing["sealBytes"] = (value) => sealing.sealBytes(value);

/** The content of a sealed object in memory: {@link Sealing.openBytes}. */
export const openBytes: Sealing["openBytes"] = (bytes, siteKey, options) => sealing.openBytes(bytes, siteKey, options);
