import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { all, failureOf } from "../helpers.ts";
import { BROKEN, checkContext, record, replay, restoreContext, type SourceTest } from "./harness.ts";

/** That a source takes back what it gave. */
export function restoring(test: SourceTest): void {
  for (const mode of ["replace", "merge", "missing"] as const) {
    test(`where nothing is left, a restore in mode "${mode}" brings everything back`, async (under) => {
      const { source, state } = under;
      const before = await state();
      const recorded = await record(source);
      await under.clear();
      expect(await state(), "the state once it is cleared").not.toEqual(before);
      if (mode === "missing" && source.compare !== undefined) {
        const changes = await all(source.compare({ ...checkContext(recorded), mode }, replay(recorded)));
        if (changes.every(({ action }) => action === "unchanged")) return; // its data always counts as there
      }
      const { context, problems } = restoreContext({ mode });
      await source.restore(context, replay(recorded));
      expect(await state()).toEqual(before);
      expect(problems).toEqual([]);
    });
  }

  test("restoring over unchanged data leaves it as it is", async ({ source, state }) => {
    const before = await state();
    const recorded = await record(source);
    for (const mode of ["replace", "merge", "missing"] as const) {
      await source.restore(restoreContext({ mode }).context, replay(recorded));
      expect(await state(), mode).toEqual(before);
    }
  });

  test("a restore to another place makes the data there and leaves its own alone", async ({ source, ...under }) => {
    if (under.stateAt === undefined) return; // it says that it cannot
    const to = join(await mkdtemp(join(tmpdir(), "lifeboat-source-")), "there");
    onTestFinished(() => rm(join(to, ".."), { recursive: true, force: true }));
    const before = await under.state();
    const recorded = await record(source);
    await under.clear();
    const cleared = await under.state();
    await source.restore(restoreContext({ to }).context, replay(recorded));
    expect(await under.state()).toEqual(cleared);
    expect(await under.stateAt(to)).toEqual(before);
  });

  test("looking at what a restore would do changes nothing, and tells what is there from what is not", async (under) => {
    const { source } = under;
    const recorded = await record(source);
    const look = async () => {
      if (source.compare === undefined) return null;
      return (await all(source.compare(checkContext(recorded), replay(recorded)))).filter(
        ({ path }) => recorded.find(({ entry }) => entry.path === path)?.entry.type === "file",
      );
    };
    const before = await under.state();
    const unchanged = await look();
    expect(await under.state()).toEqual(before);
    if (unchanged === null) return;
    expect(new Set(unchanged.map(({ action }) => action))).toEqual(new Set(["unchanged"]));
    await under.clear();
    const cleared = await under.state();
    for (const { action, path } of (await look()) ?? []) expect(["create", "replace"], path).toContain(action);
    expect(await under.state()).toEqual(cleared);
  });

  test("content that breaks off fails the restore with its own error", async ({ source, clear }) => {
    const recorded = await record(source);
    const broken = recorded.find(({ entry, bytes }) => entry.type === "file" && bytes.length > 0)?.entry.path;
    await clear();
    expect(await failureOf(source.restore(restoreContext().context, replay(recorded, { broken })))).toBe(BROKEN);
  });
}
