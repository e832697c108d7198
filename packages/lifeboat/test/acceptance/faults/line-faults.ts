import { setTimeout as pause } from "node:timers/promises";
import { isLifeboatError } from "@lifeboat/contracts";
import type { FaultProxy } from "@lifeboat/test-servers";
import type { Fault } from "./faults.ts";
import { LIMITS, SLACK } from "./limits.ts";
import { type LineFault, lineStage, type Work } from "./stage.ts";

const MB = 1_000_000;
/** A fault in the middle falls after so many bytes. */
const MIDDLE = 5 * MB;
const SECOND = 1000;

const direction = (work: Work) => (work === "get" ? ("down" as const) : ("up" as const));
const sure = () => true;

const FORGETS = "UNREACHABLE"; // rclone's server does not let an upload go on: the caller puts anew

function line(fault: LineFault): Fault["arrange"] {
  return async ({ servers, server, work }) => await lineStage(await servers.place(server), work, fault);
}

/** Connections that are cut in the middle, or that lose an answer. */
function cut(how: "rst" | "fin"): LineFault {
  return {
    begin: async (proxy, work) =>
      await proxy.set({
        cut:
          work === "small"
            ? { direction: "down", afterBytes: 0, how, times: 2 }
            : { direction: direction(work), afterBytes: MIDDLE, how, times: 3 },
      }),
    struck: ({ cuts }) => cuts >= 1, // the first one may be the end of it
  };
}

/** Something that lasts, from the middle of the transfer on. */
function inTheMiddle(what: (proxy: FaultProxy) => Promise<void>): LineFault {
  return {
    async begin(proxy, work, signal) {
      if (work === "small") {
        await Promise.race([what(proxy), pause(20)]);
        return;
      }
      await proxy.set({ bytesPerSecond: 20 * MB }); // slow enough for the middle to be met
      const way = direction(work);
      const before = proxy.stats[way];
      const watch = async () => {
        while (proxy.stats[way] - before < MIDDLE && !signal.aborted) await pause(5);
        if (!signal.aborted) await what(proxy);
      };
      void watch();
    },
    struck: sure,
  };
}

/** Loses one answer after the other: the cut moves on by less than an answer is long, until the work is over before it. */
async function loseEach(proxy: FaultProxy, work: (round: number) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (let round = 0, before = -1; proxy.stats.cuts > before; round += 1) {
    before = proxy.stats.cuts;
    await proxy.set({ cut: { direction: "down", afterBytes: round * 36 } });
    await work(round).catch((error: unknown) => failures.push(error));
  }
  const [first] = failures;
  const codes = new Set(failures.map((error) => (isLifeboatError(error) ? error.code : String(error))));
  if (codes.size > 1) throw new Error(`Expected one kind of failure, found ${[...codes].join(", ")}.`);
  if (first !== undefined) throw first;
}

const giveUp = LIMITS.retry / SECOND + SLACK;
/** A body falls silent, then a request that is to go on with it, and then that one's last try. */
const silence = (3 * LIMITS.idle + LIMITS.retry) / SECOND + SLACK;

/** What happens on the way to a server. */
export const lineFaults: readonly Fault[] = [
  {
    name: "refuse",
    expect: "UNREACHABLE",
    waits: true,
    within: giveUp,
    arrange: line({
      begin: async (proxy) => {
        await proxy.set({ connect: "refuse" });
        proxy.cutAll();
      },
      struck: sure,
    }),
  },
  {
    name: "RST in mid-transfer, 3 times",
    expect: "intact",
    except: { "rclone put": FORGETS, "rclone backup": FORGETS },
    within: giveUp,
    arrange: line(cut("rst")),
  },
  {
    name: "FIN in mid-transfer, 3 times",
    expect: "intact",
    except: { "rclone put": FORGETS, "rclone backup": FORGETS },
    within: giveUp,
    arrange: line(cut("fin")),
  },
  {
    name: "outage of 2 s",
    expect: "intact",
    except: { "rclone put": FORGETS, "rclone backup": FORGETS },
    within: 2 + giveUp,
    arrange: line(inTheMiddle((proxy) => proxy.outage(2 * SECOND))),
    atLeast: 2,
  },
  {
    name: "stall of 10 s",
    expect: "intact",
    waits: true,
    within: 10 + SLACK + 5,
    arrange: line(inTheMiddle((proxy) => proxy.set({ stall: "both", next: { afterMs: 10 * SECOND, faults: {} } }))),
    atLeast: 9,
  },
  {
    name: "black hole",
    expect: "TIMEOUT",
    waits: true,
    within: silence,
    arrange: line(inTheMiddle((proxy) => proxy.set({ blackhole: "both" }))),
  },
  {
    name: "throttled to 1 MB/s",
    expect: "intact",
    waits: true,
    within: 32 + SLACK,
    arrange: line({ begin: async (proxy) => await proxy.set({ bytesPerSecond: MB }), struck: sure }),
  },
  {
    name: "lost answer to each request",
    expect: "intact",
    except: { "rclone put": FORGETS },
    within: 90, // dozens of rounds, each with a connection of its own
    without: {
      "Ceph RGW": "by kind of request, in the next row",
      "strict S3": "by kind of request, in the next row",
    },
    arrange: async ({ servers, server, work }) =>
      await lineStage(await servers.place(server), work, {
        begin: async (proxy) => {
          if (work === "backup") await proxy.set({ cut: { direction: "down", afterBytes: 100, times: 5 } });
        },
        struck: ({ cuts }) => cuts >= 3,
        ...(work === "backup" ? {} : { again: loseEach }),
      }),
  },
];
