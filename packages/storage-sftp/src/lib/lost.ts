import type { LifeboatError } from "@lifeboat/contracts";

/** Thrown where a connection is gone, or did not come about: another one may go on. */
export class Lost {
  /** What to tell the caller when patience is over. */
  readonly error: LifeboatError;

  constructor(error: LifeboatError) {
    this.error = error;
  }
}

/** Status codes of SFTP version 3 (draft-ietf-secsh-filexfer-02, section 7). */
export const STATUS = { eof: 1, missing: 2, denied: 3, failure: 4, badMessage: 5, unsupported: 8 } as const;

/** An answer of the server that says no. */
export class Refusal {
  /** One of {@link STATUS}, or another number of the server's. */
  readonly status: number;
  /** The server's own words. */
  readonly says: string;

  constructor(status: number, says: string) {
    this.status = status;
    this.says = says;
  }
}

/** Whether the server answered so. */
export function isRefusal(error: unknown, ...statuses: readonly number[]): error is Refusal {
  return error instanceof Refusal && (statuses.length === 0 || statuses.includes(error.status));
}
