import { type ErrorCode, LifeboatError } from "@lifeboat/contracts";

/** What a handler answers with where some of its result should be moved, not copied. */
export class Transfer<T> {
  readonly value: T;
  readonly list: readonly ArrayBuffer[];

  constructor(value: T, list: readonly ArrayBuffer[]) {
    this.value = value;
    this.list = list;
  }
}

/** Takes one task and answers. Throwing fails that task alone. */
export type Handler<Task, Result> = (task: Task) => Result | Transfer<Result> | Promise<Result | Transfer<Result>>;

/** An error in a form that survives the way between threads. */
export interface PlainError {
  readonly message: string;
  readonly lifeboat?: { code: ErrorCode; operation: string; key?: string; retryable: boolean; hint?: string };
  readonly name?: string;
  readonly errno?: string;
  readonly stack?: string;
  readonly cause?: PlainError;
}

/** Flattens an error, with its causes, for the way between threads. */
export function flattenError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { message: String(error) };
  const cause = error.cause === undefined ? {} : { cause: flattenError(error.cause) };
  const stack = error.stack === undefined ? {} : { stack: error.stack };
  if (error instanceof LifeboatError) {
    const { code, operation, key, retryable, hint } = error;
    const optional = { ...(key === undefined ? {} : { key }), ...(hint === undefined ? {} : { hint }) };
    return { message: error.message, lifeboat: { code, operation, retryable, ...optional }, ...stack, ...cause };
  }
  const errno = "code" in error && typeof error.code === "string" ? { errno: error.code } : {};
  return { message: error.message, name: error.name, ...errno, ...stack, ...cause };
}

/** The error again: a LifeboatError stays one, a system error keeps its `code`. */
export function reviveError(plain: PlainError): Error {
  const cause = plain.cause === undefined ? undefined : reviveError(plain.cause);
  if (plain.lifeboat !== undefined) return new LifeboatError({ ...plain.lifeboat, message: plain.message, cause });
  const error = new Error(plain.message, cause === undefined ? undefined : { cause });
  if (plain.name !== undefined) error.name = plain.name;
  if (plain.errno !== undefined) Object.assign(error, { code: plain.errno });
  if (plain.stack !== undefined) error.stack = plain.stack;
  return error;
}
