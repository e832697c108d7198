import { expect } from "vitest";
import { all, failureOf } from "../helpers.ts";
import { smallEntries } from "./entries.ts";
import { type FormatHarness, IDS, problemsOf, readAll } from "./site.ts";

const entries = () => smallEntries().map(({ entry }) => entry);
const MANIFEST = `backups/${IDS[0]}/manifest.json`;

/** That a lost manifest can be made anew from what the parts say of themselves. */
export function rebuilding({ test }: FormatHarness): void {
  test("a lost manifest is made anew, and the backup is whole again", async ({ repository, storage, backUp }) => {
    const before = await backUp(entries(), { sources: ["one", "two"] });
    await storage.delete([MANIFEST]);
    expect(await all(repository.list())).toMatchObject([{ id: IDS[0], complete: false, labelled: false }]);
    expect(await failureOf(repository.manifest(IDS[0]))).toMatchObject({ code: "NOT_FOUND" });
    const rebuilt = await repository.rebuild(IDS[0]);
    const { finished, ...facts } = before;
    expect(rebuilt).toMatchObject(facts);
    expect(rebuilt.finished.getTime()).toBeGreaterThanOrEqual(finished.getTime() - 1000);
    expect(await repository.manifest(IDS[0])).toEqual(rebuilt);
    expect((await all(repository.list()))[0]?.complete).toBe(true);
    expect(await problemsOf(repository, "content")).toEqual([]);
    expect(await readAll(repository, IDS[0], "two")).toHaveLength(entries().length);
  });

  test("with a part missing no manifest is made, since it would hide the loss", async (site) => {
    const { repository, storage } = site;
    const manifest = await site.backUp(entries(), { sources: ["one", "two"] });
    const [lost] = manifest.parts[1]?.objects ?? [];
    await storage.delete([MANIFEST, `backups/${IDS[0]}/${lost?.name}`]);
    expect(await failureOf(repository.rebuild(IDS[0]))).toMatchObject({ code: "NOT_FOUND" });
    expect(await storage.stat(MANIFEST)).toBeNull();
  });

  test("with a part cut off no manifest is made", async ({ repository, storage, backUp }) => {
    const manifest = await backUp(entries());
    const [object] = manifest.parts[0]?.objects ?? [];
    const key = `backups/${IDS[0]}/${object?.name}`;
    await storage.delete([MANIFEST]);
    await storage.put(key, storage.get(key, { range: { start: 0, end: (object?.size ?? 0) - 20 } }));
    expect(await failureOf(repository.rebuild(IDS[0]))).toMatchObject({ code: "CORRUPT" });
    expect(await storage.stat(MANIFEST)).toBeNull();
  });

  test("nothing is made of a backup that is not there", async ({ repository, storage }) => {
    expect(await failureOf(repository.rebuild(IDS[0]))).toMatchObject({ code: "NOT_FOUND" });
    expect(await storage.stat(MANIFEST)).toBeNull();
  });
}
