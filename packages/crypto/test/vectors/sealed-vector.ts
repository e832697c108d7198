import type { ErrorCode } from "@lifeboat/contracts";
import { concat, siteKey, toHex } from "./fixed.ts";
import type { Parts } from "./sealed-parts.ts";

/** What is wrong with an object. */
export type FailureClass =
  | "wrong-key"
  | "corrupt-header"
  | "forged-header"
  | "unsupported"
  | "other-kind"
  | "oversized-length"
  | "corrupt-segment"
  | "truncated"
  | "reordered"
  | "spliced"
  | "corrupt-table"
  | "corrupt-trailer"
  | "trailing-garbage";

/** One sealed object, and what opening it must give. */
export interface SealedVector {
  readonly name: string;
  readonly class: "valid" | FailureClass;
  /** The error that opening it gives; absent where it opens. */
  readonly code?: ErrorCode;
  /** Hex of the key to open it with. */
  readonly siteKey: string;
  /** The kind that is asked for, where one is. */
  readonly kind?: number;
  /** Hex of the content. Where opening fails, what comes out before is a beginning of it. */
  readonly content: string;
  /** Hex of the object. */
  readonly sealed: string;
}

/** A spoiled object that is not simply CORRUPT. */
export interface SpoiledOtherwise {
  readonly sealed: Uint8Array;
  readonly code: ErrorCode;
  readonly key?: Uint8Array;
  readonly kind?: number;
}

/** Spoiled objects, by what was done to them. */
export type Spoiled = Record<string, Uint8Array | SpoiledOtherwise>;

/** Vectors that must fail. */
export function negative(parts: Parts, suite: 1 | 2, failure: FailureClass, spoiled: Spoiled): SealedVector[] {
  const content = toHex(concat(...parts.content));
  return Object.entries(spoiled).map(([what, how]) => {
    const { sealed, code, key, kind }: SpoiledOtherwise =
      how instanceof Uint8Array ? { sealed: how, code: "CORRUPT" } : how;
    const name = `suite ${suite}: ${failure}: ${what}`;
    const asked = kind === undefined ? {} : { kind };
    return { name, class: failure, code, siteKey: toHex(key ?? siteKey), ...asked, content, sealed: toHex(sealed) };
  });
}
