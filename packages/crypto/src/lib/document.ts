import type { Json } from "@lifeboat/contracts";
import { concat, equalBytes, fromHex, toHex, u32, utf8 } from "./bytes.ts";
import { assertPlainJson, parseJson } from "./document-json.ts";
import { fail, invalid } from "./errors.ts";
import type { Primitives } from "./primitives.ts";

/** The place a document belongs to. It is not in the file: it follows from where the file lies. */
export interface DocumentContext {
  /** `site`, `manifest`, `labels`, `lease`, … */
  readonly type: string;
  /** The site's or backup's id, or the lease's name. */
  readonly id: string;
}

/** The members of a document. */
export type DocumentValue = { readonly [member: string]: Json };

/** How a document is written. */
export interface EncodeDocumentOptions {
  /** The subkey `manifest-mac`, or `null` where the site is not encrypted. */
  readonly macKey: Uint8Array | null;
  readonly context: DocumentContext;
}

/** How a document is read. */
export interface DecodeDocumentOptions extends EncodeDocumentOptions {
  /** What is being done, for errors: `backups.list`. */
  readonly operation: string;
  /** The site it must belong to, by its member `siteId`. Default: not looked at. */
  readonly siteId?: string | undefined;
}

/** Writing and reading documents (docs/spec/site.md, "Documents"). */
export interface Documents {
  /**
   * A JSON document that ends in its MAC and its check.
   *
   * @throws INVALID where the value has no members, or some that a document may not have
   */
  encodeDocument(value: DocumentValue, options: EncodeDocumentOptions): Uint8Array;
  /**
   * The value of a document, without `mac` and `check`. Which members it must have is
   * the caller's to check.
   *
   * @throws CORRUPT where it is damaged, or was altered without the key; INCOMPATIBLE where it
   * is another site's, or has a MAC although `macKey` is `null`
   */
  decodeDocument(bytes: Uint8Array, options: DecodeDocumentOptions): DocumentValue;
}

/** A document whose check held; its MAC was not looked at yet. */
export interface CheckedDocument {
  readonly value: DocumentValue;
  /** Throws unless the MAC is the one this key gives. */
  readonly verify: (macKey: Uint8Array | null, context: DocumentContext) => void;
}

const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;
const MAC_MEMBER = ',\n  "mac": "';
const CHECK_MEMBER = ',\n  "check": "';
const CHECK_END = /,\n {2}"check": "([0-9a-f]{64})"\n\}\n$/;
const MAC_END = /,\n {2}"mac": "([0-9a-f]{64})"$/;
/** Bytes of `,\n  "check": "` + 64 + `"\n}\n`. */
const CHECK_BYTES = CHECK_MEMBER.length + 64 + 4;
const MAC_BYTES = MAC_MEMBER.length + 64 + 1;

/** Docs: {@link Documents.encodeDocument}. */
export function encodeDocument(p: Primitives, value: DocumentValue, { macKey, context }: EncodeDocumentOptions) {
  const operation = `document.encode.${context.type}`;
  assertPlainJson(value, (problem) => invalid(operation, `Expected a document's value, found one with ${problem}.`));
  const json = JSON.stringify(value, null, 2);
  const body = utf8(json.slice(0, -2));
  if (!json.endsWith("\n}") || body.length > MAX_DOCUMENT_BYTES - 256) {
    throw invalid(operation, `Expected a document's value that takes up to 64 MiB, found ${body.length} bytes.`);
  }
  if (macKey === null) return withCheck(p, body);
  const macked = concat(body, utf8(MAC_MEMBER));
  return withCheck(p, concat(macked, utf8(`${toHex(macOf(p, macKey, context, macked))}"`)));
}

function withCheck(p: Primitives, before: Uint8Array): Uint8Array {
  const checked = concat(before, utf8(CHECK_MEMBER));
  return concat(checked, utf8(`${toHex(p.sha256(checked))}"\n}\n`));
}

function macOf(p: Primitives, macKey: Uint8Array, { type, id }: DocumentContext, macked: Uint8Array): Uint8Array {
  const [t, i] = [utf8(type), utf8(id)];
  return p.hmacSha256(macKey, u32(t.length), t, u32(i.length), i, macked);
}

/** Docs: {@link Documents.decodeDocument}. */
export function decodeDocument(p: Primitives, bytes: Uint8Array, options: DecodeDocumentOptions): DocumentValue {
  const { macKey, context, operation, siteId } = options;
  const { value, verify } = readDocument(p, bytes, context, operation);
  if (siteId !== undefined && value.siteId !== siteId) {
    const message = `Expected the ${context.type} document of site ${siteId}, found another site's.`;
    throw fail("INCOMPATIBLE", operation, message, "Check which site's files lie in this storage.");
  }
  verify(macKey, context);
  return value;
}

/** Reads a document whose key is not known yet. `context` is for messages. */
export function readDocument(
  p: Primitives,
  bytes: Uint8Array,
  { type }: DocumentContext,
  operation: string,
): CheckedDocument {
  const damaged = (why: string) =>
    fail("CORRUPT", operation, `The ${type} document is damaged: ${why}.`, "Restore it from another copy.");
  if (bytes.length > MAX_DOCUMENT_BYTES) throw damaged(`it is ${bytes.length} bytes long, over the limit`);
  const check = CHECK_END.exec(latin1(bytes.subarray(-CHECK_BYTES)))?.[1];
  if (check === undefined) throw damaged("it does not end in its check, so it is cut off, or bytes follow it");
  const checked = bytes.subarray(0, bytes.length - 64 - 4);
  if (!equalBytes(p.sha256(checked), fromHex(check))) throw damaged("its check does not hold");

  const before = bytes.subarray(0, bytes.length - CHECK_BYTES);
  const mac = MAC_END.exec(latin1(before.subarray(-MAC_BYTES)))?.[1];
  const body = mac === undefined ? before : before.subarray(0, before.length - MAC_BYTES);
  const value = parseJson(body, damaged);

  return {
    value,
    verify(macKey, context) {
      const altered = "it was altered by someone without the key, or belongs to another place or site";
      if (macKey === null) {
        if (mac !== undefined) throw notEncrypted(type, operation);
      } else if (mac === undefined) {
        throw damaged(`its check holds, but it has no MAC: ${altered}`);
      } else if (!equalBytes(macOf(p, macKey, context, before.subarray(0, before.length - 64 - 1)), fromHex(mac))) {
        throw damaged(`its check holds, but its MAC does not: ${altered}`);
      }
    },
  };
}

function notEncrypted(type: string, operation: string) {
  const message = `Expected a site without encryption, found a ${type} document that is protected by a key.`;
  return fail("INCOMPATIBLE", operation, message, "Give the site's passphrase, recovery code or raw key.");
}

/** The few bytes as characters, one each. */
function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** Documents by one implementation of the primitives. */
export function createDocuments(p: Primitives): Documents {
  return {
    encodeDocument: (value, options) => encodeDocument(p, value, options),
    decodeDocument: (bytes, options) => decodeDocument(p, bytes, options),
  };
}
