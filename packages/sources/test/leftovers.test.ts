import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { directory } from "../src/index.ts";
import { stagingName } from "../src/lib/extract/staging.ts";
import { list, restoreContext, restored, temporary } from "./tools.ts";

/** The name under which a process that has ended since made its part of a restore. */
function nameOfTheDead(target: string): string {
  const child = join(import.meta.dirname, "leftovers.child.ts");
  return execFileSync(process.execPath, ["--import", "tsx", "--conditions", "@lifeboat/source", child, target], {
    encoding: "utf8",
  });
}

function leave(parent: string, name: string): void {
  mkdirSync(join(parent, name, "half"), { recursive: true });
  writeFileSync(join(parent, name, "half", "restored"), "");
}

const restore = (to: string) =>
  directory("data", { path: "/nowhere" }).restore(
    restoreContext({ to, mode: "merge" }),
    list(restored({ path: "a" }, "a")),
  );

describe("what a killed restore has left", () => {
  test.each([
    ["beside a place that is not there yet", false, false],
    ["in an empty place", true, false],
    ["in a place that is in use", true, true],
  ])("%s is removed by the next one to the same place", async (_, there, used) => {
    const to = join(temporary(), "to");
    if (there) mkdirSync(to);
    if (used) writeFileSync(join(to, "mine"), "");
    const parent = there ? to : dirname(to);
    leave(parent, nameOfTheDead(to));
    await restore(to);
    expect(readdirSync(dirname(to))).toEqual([basename(to)]);
    expect(readdirSync(to)).toEqual(used ? ["a", "mine"] : ["a"]);
  });

  test("is removed after a new start of the machine, and what a living one makes, or another target's, stays", async () => {
    const to = join(temporary(), "to");
    const parent = dirname(to);
    const [prefix, lifeboat, target, host, , ...rest] = stagingName(to).split("-");
    const earlier = [prefix, lifeboat, target, host, "00000000", ...rest].join("-");
    const recent = [prefix, lifeboat, target, host, "11111111", ...rest].join("-");
    const foreign = [prefix, lifeboat, target, "22222222", "00000000", ...rest].join("-");
    const living = stagingName(to);
    const others = stagingName(join(parent, "other"));
    for (const name of [earlier, recent, foreign, living, others]) leave(parent, name);
    for (const name of [earlier, foreign]) utimesSync(join(parent, name), 0, 0);
    await restore(to);
    expect(readdirSync(parent).sort()).toEqual([recent, foreign, living, others, "to"].sort());
  });
});
