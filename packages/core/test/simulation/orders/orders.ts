import { is, type RunSeen, type StorageCall } from "./calls.ts";
import type { Earlier, Later, Reversal } from "./reordered.ts";

/** An order of the protocol (docs/spec/dedup.md), and what turns it around. */
export interface Order extends Reversal {
  /** What comes before what. */
  readonly name: string;
  /** Troubles, and the calls that they are aimed at: see `Climate.focus`. */
  readonly aims: readonly string[];
  /** Whether the storage's clock disagrees with itself, so that live runs are given up. */
  readonly givesUp?: boolean;
}

const all = ["backups/", "condemned/", "packs/", "index/", "fenced/"];

const backs =
  (words: string) =>
  (call: StorageCall, { kind }: RunSeen) =>
    kind === "backup" && is(call, words);
const prunes =
  (words: string) =>
  (call: StorageCall, { kind }: RunSeen) =>
    kind === "prune" && is(call, words);
const looksAtMarks = (call: StorageCall, { looks }: RunSeen) => !looks && is(call, "list condemned/");
const isOwn = ({ key }: StorageCall, { id }: RunSeen) => id !== "" && key.endsWith(`/${id}.json`);
const releases = (call: StorageCall, run: RunSeen) => is(call, "delete locks/") && isOwn(call, run);
const fences = (call: StorageCall) => is(call, "put fenced/");
const begins = (_call: StorageCall, { kind, begins: first }: RunSeen) => first && kind === "backup";

/** The index is told of what goes when it has gone: nothing hangs on it by itself. */
const indexLast: Later = { writes: prunes("delete index/"), after: prunes("delete condemned/") };
const packsBeforeMarks: Earlier = {
  reads: ["packs/"],
  before: (call, run) => run.kind === "prune" && run.hasPlanned && looksAtMarks(call, run),
  listings: 1,
};

/** Each order by itself, turned around. */
export const ORDERS: readonly Order[] = [
  {
    name: "W1 before W2: the lease, then the marks",
    earlier: [{ reads: ["condemned/"], before: begins }],
    aims: ["slow put locks/", "slow list locks/", "slow put locks/", "slow put manifest.json", "slow put packs/"],
  },
  {
    name: "W1 before W4: the lease, then the previous backup",
    earlier: [
      {
        reads: ["backups/", "fenced/"],
        before: begins,
        only: (_call, { hasListedMarks, looks }) => hasListedMarks && !looks,
        until: backs("put .list.sealed"),
      },
    ],
    aims: ["slow put locks/", "slow list locks/", "slow put manifest.json", "slow list condemned/"],
  },
  {
    name: "W2 before W3: the marks, then the packs",
    earlier: [
      {
        reads: ["packs/"],
        before: (call, run) => run.kind === "backup" && looksAtMarks(call, run),
        until: backs("put manifest.json"),
      },
    ],
    later: [indexLast],
    aims: ["slow list condemned/", "slow list packs/", "slow put manifest.json", "slow delete packs/"],
  },
  {
    name: "W5: packs, then the index objects that tell of them",
    later: [{ writes: (call) => is(call, "put packs/"), after: (call) => is(call, "put index/") }],
    aims: ["slow put index/", "crash put index/", "crash put packs/", "late put packs/"],
  },
  {
    name: "W5 before W6: index objects, then part objects",
    later: [{ writes: backs("put index/"), after: backs("put .list.sealed") }],
    aims: ["crash put .list.sealed", "slow put .list.sealed", "slow put index/", "crash put index/"],
  },
  {
    name: "W5 before W7: packs and index objects, then the manifest",
    later: [
      { writes: backs("put packs/"), after: backs("put manifest.json") },
      { writes: backs("put index/"), after: backs("put manifest.json") },
    ],
    aims: ["slow put manifest.json"],
  },
  {
    name: "W6 before W7: part objects, then the manifest",
    later: [{ writes: backs("put .list.sealed"), after: backs("put manifest.json") }],
    aims: ["slow put manifest.json"],
  },
  {
    name: "W7 before W8: the manifest, then the look for a fence",
    givesUp: true,
    earlier: [
      {
        reads: ["fenced/"],
        before: backs("put manifest.json"),
        until: (call) => is(call, "list backups/") || is(call, "list locks/"),
      },
    ],
    aims: ["slow put manifest.json", "slow put manifest.json", "sleep put manifest.json"],
  },
  {
    name: "W7 before W9: the manifest, then the end of the lease",
    sooner: { releases: backs("put manifest.json") },
    aims: ["slow put manifest.json", "slow put manifest.json", "slow put packs/"],
  },
  {
    name: "a run that failed: its own fence, then the end of its folder and lease",
    later: [{ writes: (call, run) => run.kind === "backup" && fences(call) && isOwn(call, run), after: releases }],
    aims: ["late put manifest.json", "late put manifest.json", "crash delete locks/", "slow delete backups/"],
  },
  {
    name: "a deletion: the fence, then the end of the manifest",
    later: [{ writes: (call, run) => run.kind === "delete" && fences(call), after: releases }],
    aims: ["twice put manifest.json", "twice put manifest.json", "crash delete locks/", "slow delete backups/"],
  },
  {
    name: "a sweep: the fence, then the end of the folder and the lease",
    givesUp: true,
    later: [
      {
        writes: (call, run) => !run.hasPlanned && run.kind !== "delete" && fences(call) && !isOwn(call, run),
        after: (call, run) => is(call, "delete locks/") && !isOwn(call, run),
      },
    ],
    aims: [
      "sleep put manifest.json",
      "sleep-after put manifest.json",
      "slow delete backups/",
      "slow delete locks/",
      "crash delete locks/",
      "late put manifest.json",
    ],
  },
  {
    name: "a sweep: the fence, then the look for the manifest",
    givesUp: true,
    earlier: [
      {
        reads: ["backups/"],
        before: (call, run) => !run.hasPlanned && run.kind !== "delete" && fences(call) && !isOwn(call, run),
        only: (call) => is(call, "stat manifest.json"),
        until: (call) => !is(call, "stat manifest.json") && !fences(call),
      },
    ],
    aims: [
      "sleep put manifest.json",
      "slow put fenced/",
      "slow put fenced/",
      "sleep put fenced/",
      "sleep-after put manifest.json",
    ],
  },
  {
    name: "a reader: the manifests, then the fences",
    givesUp: true,
    earlier: [
      {
        reads: ["fenced/"],
        before: (call) => call.operation === "list" && call.key === "backups/",
        only: ({ operation }) => operation !== "stat",
      },
    ],
    aims: ["sleep list backups/", "slow list backups/", "sleep put manifest.json", "sleep-after put manifest.json"],
  },
  {
    name: "a late backup: the manifest, then the marks",
    givesUp: true,
    earlier: [
      {
        reads: ["condemned/"],
        before: (call) => call.operation === "list" && call.key === "backups/",
        only: (_call, { looks }) => looks,
      },
    ],
    aims: [
      "sleep list backups/",
      "slow list backups/",
      "sleep put manifest.json",
      "late put manifest.json",
      "slow list condemned/",
    ],
  },
  {
    name: "a late backup: the marks, then the packs",
    earlier: [
      {
        reads: ["packs/"],
        before: (call, { looks }) => looks && is(call, "list condemned/"),
        only: (_call, { looks }) => looks,
        listings: 1,
      },
    ],
    later: [indexLast],
    aims: ["slow list condemned/", "sleep list condemned/", "sleep put manifest.json", "late put manifest.json"],
  },
  {
    name: "P3 before P4: the copies, then the mark",
    later: [
      {
        writes: (call, { kind, hasPlanned, hasReadMark, hasMarked }) =>
          kind === "prune" &&
          hasPlanned &&
          !hasReadMark &&
          !hasMarked &&
          (is(call, "put packs/") || is(call, "put index/")),
        after: prunes("put condemned/"),
      },
    ],
    aims: ["slow put condemned/", "crash put condemned/", "slow put packs/", "slow put manifest.json"],
  },
  {
    name: "P4 before P5: the mark, then the sessions",
    earlier: [{ reads: ["locks/"], before: prunes("put condemned/"), listings: 1 }],
    aims: ["slow put condemned/", "slow put condemned/", "slow put manifest.json", "slow put packs/"],
  },
  {
    name: "P6: the fence, then the end of what a session relied on",
    givesUp: true,
    later: [
      {
        writes: (call, run) => run.kind === "prune" && run.hasPlanned && fences(call),
        after: prunes("delete packs/"),
      },
    ],
    aims: ["sleep put manifest.json", "sleep put packs/", "sleep-after put manifest.json", "slow delete packs/"],
  },
  {
    name: "P6 before P7: the sessions over, then the look",
    earlier: [
      {
        reads: all,
        before: (call, run) => run.kind === "prune" && is(call, "list locks/") && is(run.last, "put condemned/"),
        only: () => true,
        until: (call) =>
          is(call, "delete packs/") || is(call, "put index/") || is(call, "delete index/") || is(call, "put packs/"),
      },
    ],
    aims: ["slow put manifest.json", "slow put packs/", "slow list locks/"],
  },
  {
    name: "P7: the marks, then the packs",
    earlier: [packsBeforeMarks],
    later: [indexLast],
    aims: ["slow list condemned/", "sleep list condemned/", "sleep delete packs/", "slow delete condemned/"],
  },
  {
    name: "P8 before P9: the index objects, then the packs",
    later: [indexLast],
    aims: ["slow delete packs/", "slow delete condemned/", "slow list condemned/"],
  },
  {
    name: "P9 before P10: the packs, then the mark",
    later: [{ writes: prunes("delete packs/"), after: prunes("delete condemned/") }, indexLast],
    aims: ["slow delete condemned/", "slow list condemned/", "slow delete packs/", "crash delete condemned/"],
  },
  {
    name: "P10 before P7: the copies of what is needed, then the look that lets the rest go",
    earlier: [
      {
        reads: all,
        before: (call, run) => (run.hasMarked || run.hasReadMark) && prunes("put packs/")(call, run),
        only: () => true,
        until: prunes("delete packs/"),
      },
    ],
    aims: ["slow put packs/", "slow put condemned/", "slow delete packs/", "sleep put packs/"],
  },
];
