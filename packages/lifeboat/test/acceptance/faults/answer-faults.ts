import type { AnswerFault } from "@lifeboat/test-servers";
import type { Fault } from "./faults.ts";
import { LIMITS, SLACK } from "./limits.ts";
import { answersStage } from "./stage.ts";

const NO_HTTP = "SFTP has no such answer";
const without = { OpenSSH: NO_HTTP, rclone: NO_HTTP };

function answers(rule: () => (operation: string) => AnswerFault | undefined): Fault["arrange"] {
  return async ({ servers, server }) => await answersStage(await servers.place(server), rule);
}

const slowDown = { do: "refuse", status: 503, code: "SlowDown", message: "Please reduce your request rate." } as const;
const internal = {
  do: "refuse",
  status: 500,
  code: "InternalError",
  message: "We encountered an internal error.",
} as const;

/** What an S3 server answers while it is in trouble; put before each server by a proxy. */
export const answerFaults: readonly Fault[] = [
  {
    name: "lost answer to each kind of request",
    expect: "intact",
    within: SLACK + 8,
    without: { OpenSSH: "by moment, in the row before", rclone: "by moment, in the row before" },
    arrange: answers(() => {
      const lost = new Set<string>();
      return (operation) => {
        if (lost.has(operation)) return undefined;
        lost.add(operation);
        return { do: "lose" };
      };
    }),
  },
  {
    name: "503 SlowDown for 3 s",
    expect: "intact",
    waits: true,
    within: 3 + SLACK + 8,
    without,
    arrange: answers(() => {
      const until = performance.now() + 3000;
      return () => (performance.now() < until ? slowDown : undefined);
    }),
  },
  {
    name: "503 SlowDown without end",
    expect: "RATE_LIMITED",
    waits: true,
    within: LIMITS.retry / 1000 + SLACK,
    without,
    arrange: answers(() => () => slowDown),
  },
  {
    name: "500 to 20 % of the requests",
    expect: "intact",
    within: SLACK + 8,
    without,
    arrange: answers(() => {
      let count = 0;
      return () => {
        count += 1;
        return count % 5 === 2 ? internal : undefined;
      };
    }),
  },
];
