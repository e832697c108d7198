import { parse } from "../documents.ts";

/** A call of an engine's to its storage. */
export interface StorageCall {
  readonly operation: "put" | "get" | "stat" | "list" | "delete";
  /** What it is about: a key, or a listing's prefix; of a deletion the first key. */
  readonly key: string;
}

/** What an engine is at, as its calls show it: it does one thing at a time. */
export interface RunSeen {
  /** What its lease is for; empty where it has none. */
  readonly kind: string;
  readonly id: string;
  /** Whether this call puts its lease for the first time. */
  readonly begins: boolean;
  /** Whether it has listed the marks, read one, put one; and whether a prune has looked around for its plan. */
  readonly hasListedMarks: boolean;
  readonly hasReadMark: boolean;
  readonly hasMarked: boolean;
  readonly hasPlanned: boolean;
  /** Whether a late backup is being looked at. */
  readonly looks: boolean;
  /** The call before this one; renewals of the lease are left out. */
  readonly last: StorageCall;
}

/** Before an engine has a lease, and after it. */
export const NO_RUN: RunSeen = {
  kind: "",
  id: "",
  begins: false,
  hasListedMarks: false,
  hasReadMark: false,
  hasMarked: false,
  hasPlanned: false,
  looks: false,
  last: { operation: "stat", key: "" },
};

/** Whether a call is such a one, as `put manifest.json` or `list packs/` say: by how its key begins or ends. */
export function is(call: StorageCall, words: string): boolean {
  const [operation, part = ""] = words.split(" ");
  return call.operation === operation && (call.key.startsWith(part) || call.key.endsWith(part));
}

/** What is known of a run when it makes a call. */
export function atCall(run: RunSeen, call: StorageCall, body?: Uint8Array): RunSeen {
  // Who looks at a late backup has just read its part; a backup or a prune that reads the marks has not.
  if (is(call, "list condemned/")) return { ...run, looks: is(run.last, "get .list.sealed") };
  if (!is(call, "put locks/") || body === undefined) return run;
  const { kind, state, id } = parse(body);
  if (state !== "claiming") return { ...run, begins: false };
  return { ...NO_RUN, last: run.last, kind: String(kind), id: String(id), begins: true };
}

/** What is known of a run when a call of its has been answered. */
export function afterCall(run: RunSeen, call: StorageCall): RunSeen {
  const isOwn = call.key === `locks/${run.id}.json`;
  if (isOwn && call.operation === "delete") return { ...NO_RUN, last: call };
  if (isOwn) return { ...run, begins: false };
  const sees = (words: string) => !run.looks && is(call, words);
  return {
    ...run,
    begins: false,
    hasListedMarks: run.hasListedMarks || sees("list condemned/"),
    hasReadMark: run.hasReadMark || sees("get condemned/"),
    hasMarked: run.hasMarked || sees("put condemned/"),
    hasPlanned: run.hasPlanned || sees("list index/"),
    looks: run.looks && !is(call, "list index/"),
    last: call,
  };
}
