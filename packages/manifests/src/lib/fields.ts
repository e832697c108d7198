import { assertKey, type Json, LifeboatError } from "@lifeboat/contracts";

/** A JSON object whose members are not known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Reads the members of one document, and refuses what is not as the specification says. */
export interface FieldReader {
  object(value: unknown, where: string): Fields;
  array(value: unknown, where: string): readonly unknown[];
  text(value: unknown, where: string): string;
  flag(value: unknown, where: string): boolean;
  /** A whole number from 0 to 2^53 - 1. */
  count(value: unknown, where: string): number;
  /** A time as `Date.toISOString` writes it. */
  time(value: unknown, where: string): Date;
  sha256(value: unknown, where: string): string;
  /** A relative object key. */
  name(value: unknown, where: string): string;
  json(value: unknown, where: string): Readonly<Record<string, Json>>;
  /** Throws CORRUPT: `where` is not `expected`. */
  refuse(where: string, expected: string): never;
}

/** Makes a reader whose errors are CORRUPT and name the document at `key` and the member. */
export function fieldReader(operation: string, key: string): FieldReader {
  function refuse(where: string, expected: string): never {
    throw new LifeboatError({
      code: "CORRUPT",
      operation,
      key,
      message: `${key} is damaged: expected ${where} to be ${expected}.`,
      hint: "Verify the backup; its parts may be whole, and its manifest can then be rebuilt from them.",
    });
  }

  const reader: FieldReader = {
    object(value, where) {
      if (!isFields(value)) refuse(where, "an object");
      return value;
    },
    array(value, where) {
      if (!Array.isArray(value)) refuse(where, "an array");
      return value;
    },
    text(value, where) {
      if (typeof value !== "string") refuse(where, "a text");
      return value;
    },
    flag(value, where) {
      if (typeof value !== "boolean") refuse(where, "true or false");
      return value;
    },
    count(value, where) {
      if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) refuse(where, "a whole number");
      return value;
    },
    time(value, where) {
      const text = reader.text(value, where);
      const time = new Date(text);
      if (Number.isNaN(time.getTime()) || time.toISOString() !== text)
        refuse(where, "a time such as 2026-11-20T02:00:00.123Z");
      return time;
    },
    sha256(value, where) {
      const text = reader.text(value, where);
      if (!/^[0-9a-f]{64}$/.test(text)) refuse(where, "64 lower-case hex digits");
      return text;
    },
    name(value, where) {
      const text = reader.text(value, where);
      try {
        assertKey(text, operation);
      } catch {
        refuse(where, "a relative key"); // what is wrong with it is the document's fault, not the caller's
      }
      return text;
    },
    json(value, where) {
      return reader.object(value, where) as Readonly<Record<string, Json>>; // it came out of JSON.parse
    },
    refuse,
  };
  return reader;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
