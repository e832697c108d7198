import { expect } from "vitest";
import { faultyStorage } from "../faults/faulty.ts";
import { all, failureOf } from "../helpers.ts";
import { keysOf } from "../storage/harness.ts";
import { smallEntries } from "./entries.ts";
import { type FormatHarness, IDS, problemsOf, readAll } from "./site.ts";

const entries = () => smallEntries().map(({ entry }) => entry);

/** That removing takes all of a backup and nothing else, and that labels stay apart from what they label. */
export function removing({ test }: FormatHarness): void {
  test("a removed backup is gone, and the others stay whole", async ({ repository, storage, backUp }) => {
    const before = await keysOf(storage);
    await backUp(entries());
    await backUp(entries(), { id: IDS[1] });
    await repository.remove([IDS[0]]);
    expect((await all(repository.list())).map(({ id }) => id)).toEqual([IDS[1]]);
    expect(await problemsOf(repository, "content", IDS[1])).toEqual([]);
    expect(await readAll(repository, IDS[1])).toHaveLength(entries().length);
    expect((await keysOf(storage, `backups/${IDS[0]}/`)).length).toBe(0);
    await repository.remove([IDS[0], IDS[1]]);
    await repository.remove([]);
    expect(await keysOf(storage, "backups/")).toEqual(before);
  });

  test("wherever removing stops, what is still listed as complete is whole", async ({ storage, open, backUp }) => {
    await backUp(entries());
    const clean = faultyStorage(storage);
    await open({ storage: clean }).remove([IDS[0]]);
    for (const when of ["before", "after"] as const) {
      for (const { index } of clean.calls) {
        await backUp(entries());
        const faulty = faultyStorage(storage, { plan: [{ call: index, kind: "crash", when }] });
        expect(await failureOf(open({ storage: faulty }).remove([IDS[0]]))).toMatchObject({ code: "UNREACHABLE" });
        const repository = open({});
        const listed = await all(repository.list());
        if (listed.some(({ complete }) => complete)) expect(await problemsOf(repository, "content")).toEqual([]);
        await repository.remove([IDS[0]]);
        expect(await keysOf(storage, "backups/")).toEqual([]);
      }
    }
  });

  test("a backup has no labels until it gets some, and they can be changed", async ({ repository, backUp }) => {
    const manifest = await backUp(entries());
    expect(await repository.labels(IDS[0])).toEqual({ preserve: false });
    expect(await all(repository.list())).toMatchObject([{ id: IDS[0], complete: true, labelled: false }]);
    for (const labels of [
      { label: "before upgrade 🛟", preserve: true },
      { preserve: true },
      { label: "", preserve: false },
    ]) {
      await repository.setLabels(IDS[0], labels);
      expect(await repository.labels(IDS[0])).toEqual(labels);
    }
    expect(await all(repository.list())).toMatchObject([{ id: IDS[0], complete: true, labelled: true }]);
    expect(await repository.manifest(IDS[0])).toEqual(manifest);
    expect(await problemsOf(repository, "content")).toEqual([]);
    await repository.remove([IDS[0]]);
    expect(await all(repository.list())).toEqual([]);
  });

  test("what verifications found is kept with the backup, and goes with it", async ({ repository, backUp, open }) => {
    await backUp(entries());
    expect(await repository.verifications(IDS[0])).toEqual([]);
    expect(await all(repository.list())).toMatchObject([{ id: IDS[0], verified: "" }]);
    const time = new Date("2026-11-21T04:00:00.000Z");
    const results = [
      { level: "presence", time, ok: true, problems: 0 },
      { level: "restore", time, ok: false, problems: 2, problem: "the database does not open" },
    ] as const;
    await repository.setVerifications(IDS[0], results);
    expect(await open({}).verifications(IDS[0])).toEqual(results);
    const listed = await all(repository.list());
    expect(listed).toMatchObject([{ id: IDS[0], complete: true, labelled: false }]);
    expect(listed[0]?.verified).not.toBe("");
    expect(await problemsOf(repository, "content")).toEqual([]);
    await repository.remove([IDS[0]]);
    expect(await all(repository.list())).toEqual([]);
  });
}
