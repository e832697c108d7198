import { rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SourceEntry, Storage } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { faultyStorage, read } from "@lifeboat/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packKey } from "../src/lib/pack/pack-name.ts";
import { putMarks } from "../src/lib/session/marks.ts";
import { comparePaths } from "../src/lib/write/path-order.ts";
import { codePoint } from "./code-point.ts";
import { backUp, contents, entryOfFile, fileIn, folder, idOf, keysOf, later, testSite } from "./sites.ts";
import { exampleBody } from "./support.ts";

const BODY = exampleBody(400_000);

/** Files in the order of a walk. */
async function tree(root: string, count: number): Promise<SourceEntry[]> {
  const entries: SourceEntry[] = [{ path: "a folder", type: "directory", mode: 0o755, mtimeMs: 1 }];
  for (let n = 0; n < count; n++) {
    entries.push(await fileIn(root, `file ${String(n).padStart(5, "0")}`, BODY.subarray(n * 50, n * 50 + 40)));
  }
  return entries;
}

/** As if the files were gone: reading one of them would be a problem. */
const unreadable = (entries: readonly SourceEntry[]) =>
  entries.map((entry) =>
    entry.local === undefined ? entry : { ...entry, local: { ...entry.local, path: "/nowhere/at/all" } },
  );

function watching() {
  const problems: (string | undefined)[] = [];
  return { problems, onProblem: ({ path }: { path?: string }) => problems.push(path) };
}

describe.each([0, 2])("with %i threads", (threads) => {
  test("unchanged files are not opened, and an unchanged tree adds nothing but its part and manifest", async () => {
    const entries = await tree(await folder(), 1500);
    const storage = memoryStorage();
    await backUp(testSite({ storage, threads, clock: later }), 0, entries);
    const before = await keysOf(storage, "");
    const { problems, onProblem } = watching();
    const { parts } = await backUp(testSite({ storage, threads, clock: later }), 1, unreadable(entries), { onProblem });
    expect(problems).toEqual([]);
    expect(parts[0]).toMatchObject({
      storedSize: 0,
      size: 1500 * 40,
      counts: { files: 1500, directories: 1, links: 0 },
    });
    const added = (await keysOf(storage, "")).filter((key) => !before.includes(key));
    expect(added).toEqual([`backups/${idOf(1)}/data.list.sealed`, `backups/${idOf(1)}/manifest.json`]);
    expect(Object.fromEntries(await contents(testSite({ storage }), 1))).toEqual(
      Object.fromEntries(await contents(testSite({ storage }), 0)),
    );
  });

  test("what came, went, changed, or was renamed is backed up as it is; of the rest nothing is opened", async () => {
    const root = await folder();
    const entries = await tree(root, 1500);
    const storage = memoryStorage();
    await backUp(testSite({ storage, threads, clock: later }), 0, entries);
    await writeFile(join(root, "file 00734"), "changed");
    const changed = await entryOfFile(root, "file 00734");
    const came = await fileIn(root, "file 00500x", Buffer.from("came"));
    const renamed = { ...entries[1251], path: "file 01250x" } as SourceEntry;
    const rest = unreadable(entries);
    const now = [
      ...rest.slice(0, 502),
      came,
      ...rest.slice(502, 735),
      changed,
      ...rest.slice(736, 1251),
      renamed,
      ...rest.slice(1252),
    ];
    const { problems, onProblem } = watching();
    await backUp(testSite({ storage, threads, clock: later }), 1, now, { onProblem });
    expect(problems).toEqual([]);
    const found = await contents(testSite({ storage }), 1);
    expect([...found.keys()]).toEqual(now.map(({ path }) => path));
    expect(found.get("file 00734")?.toString()).toBe("changed");
    expect(found.get("file 00500x")?.toString()).toBe("came");
    expect(found.get("file 01250x")?.equals(BODY.subarray(1250 * 50, 1250 * 50 + 40))).toBe(true);
    expect((await keysOf(storage, "packs/")).length).toBeLessThan(8);
  });
});

test("any change of a tree is backed up as a first backup would", async () => {
  const root = await folder();
  const all = await tree(root, 300);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(6), { minLength: 301, maxLength: 301 }),
      fc.array(fc.nat(6), { minLength: 301, maxLength: 301 }),
      async (first, second) => {
        const pick = (kinds: readonly number[]) =>
          all.flatMap((entry, n): SourceEntry[] => {
            const kind = kinds[n] ?? 0;
            if (kind === 1 || (n === 0 && kind > 3)) return [];
            return [kind === 2 ? { ...entry, mode: 0o600 } : kind === 3 ? { ...entry, user: "root" } : entry];
          });
        const storage = memoryStorage();
        await backUp(testSite({ storage, clock: later }), 0, pick(first));
        await backUp(testSite({ storage, clock: later }), 1, pick(second));
        const alone = testSite({ clock: later });
        await backUp(alone, 1, pick(second));
        const listOf = async ({ repository }: typeof alone) => {
          const rows: string[] = [];
          for await (const entry of repository.entries(idOf(1), "data")) rows.push(JSON.stringify(entry));
          return rows;
        };
        expect(await listOf(testSite({ storage }))).toEqual(await listOf(alone));
      },
    ),
    { numRuns: 8 },
  );
});

test("a file whose time was set back is read again", async () => {
  const root = await folder();
  const before = await fileIn(root, "a", Buffer.from("old text"));
  const site = testSite({ clock: later });
  await backUp(site, 0, [before]);
  await writeFile(join(root, "a"), "new text");
  await utimes(join(root, "a"), before.mtimeMs / 1000, before.mtimeMs / 1000);
  const after = await entryOfFile(root, "a");
  expect(after.size).toBe(before.size);
  await backUp(site, 1, [after]);
  expect((await contents(site, 1)).get("a")?.toString()).toBe("new text");
});

test("a file that changed at the very moment of its backup is read again: its times may not tell", async () => {
  const root = await folder();
  const entry = await fileIn(root, "a", Buffer.from("text"));
  const clock = { ...later, now: () => (entry.local?.ctimeMs ?? 0) + 1 };
  const site = testSite({ clock });
  await backUp(site, 0, [entry]);
  const { problems, onProblem } = watching();
  await backUp(site, 1, unreadable([entry]), { onProblem });
  expect(problems).toEqual(["a"]);
});

test("a file of a file system whose clock has seconds only is read again where it changed within the last two", async () => {
  const root = await folder();
  const found = await fileIn(root, "a", Buffer.from("text"));
  const ctimeMs = Math.floor((found.local?.ctimeMs ?? 0) / 1000) * 1000;
  const entry = found.local === undefined ? found : { ...found, local: { ...found.local, ctimeMs } };
  const readAgain = async (elapsed: number) => {
    const site = testSite({ clock: { ...later, now: () => ctimeMs + elapsed } });
    await backUp(site, 0, [entry]);
    const { problems, onProblem } = watching();
    await backUp(site, 1, unreadable([entry]), { onProblem });
    return problems.length > 0;
  };
  expect(await readAgain(900)).toBe(true);
  expect(await readAgain(2000)).toBe(true);
  expect(await readAgain(2200)).toBe(false);
});

test("a file that changed between its listing and its reading is read again", async () => {
  const root = await folder();
  const entry = await fileIn(root, "a", Buffer.from("text"));
  const site = testSite({ clock: later });
  const { local } = entry;
  await backUp(site, 0, [
    local === undefined ? entry : { ...entry, local: { ...local, ctimeMs: local.ctimeMs - 5000 } },
  ]);
  await rm(join(root, "a"));
  const { problems, onProblem } = watching();
  await backUp(site, 1, [entry], { onProblem });
  expect(problems).toEqual(["a"]);
});

test("packs in a mark are not relied on: what they hold is stored again", async () => {
  const root = await folder();
  const entries = [...(await tree(root, 200)), await fileIn(root, "large", exampleBody(6_000_000))];
  const site = testSite({ clock: later });
  await backUp(site, 0, entries);
  const packs = await keysOf(site.storage, "packs/");
  const condemned = packs.map((key) => ({ id: key.slice(-32), why: "damaged" as const }));
  await putMarks(site.context, condemned, { now: 0 });
  await backUp(site, 1, entries);
  await site.storage.delete(packs);
  expect((await contents(site, 1)).get("large")?.equals(exampleBody(6_000_000))).toBe(true);
  expect((await contents(site, 1)).size).toBe(entries.length);
});

test("with the previous list gone or damaged everything is backed up anew", async () => {
  const root = await folder();
  const entries = await tree(root, 500);
  for (const spoil of ["part", "packs"] as const) {
    const site = testSite({ clock: later });
    await backUp(site, 0, entries);
    if (spoil === "part") await site.storage.delete([`backups/${idOf(0)}/data.list.sealed`]);
    else await site.storage.delete(await keysOf(site.storage, "packs/"));
    await backUp(site, 1, entries);
    expect((await contents(site, 1)).size).toBe(entries.length);
  }
});

test("an unchanged backup asks the storage a handful of times", async () => {
  const entries = await tree(await folder(), 500);
  const storage = memoryStorage();
  await backUp(testSite({ storage, clock: later }), 0, entries);
  const watched = faultyStorage(storage);
  await backUp(testSite({ storage: watched, clock: later }), 1, entries);
  expect(watched.calls.length).toBeLessThanOrEqual(16);
});

test("paths have the order in which a walk comes to them", () => {
  const walk = ["a", "a/b", "a/b/c", "a/b!", "a!", "a.txt", "ab", "b", "ä", "日本", "\ue000", "\u{10000}"];
  expect([...walk].reverse().sort(comparePaths)).toEqual(walk);
  fc.assert(
    fc.property(fc.string({ unit: codePoint, maxLength: 8 }), fc.string({ unit: codePoint, maxLength: 8 }), (a, b) => {
      expect(Math.sign(comparePaths(a, b))).toBe(-Math.sign(comparePaths(b, a)) || 0);
    }),
  );
});

test("of an unchanged tree neither the index nor a listing of packs is read", async () => {
  const entries = await tree(await folder(), 1500);
  const storage = memoryStorage();
  await backUp(testSite({ storage, clock: later }), 0, entries);
  const asked: string[] = [];
  const watched: Storage = {
    ...storage,
    list(prefix, options) {
      asked.push(prefix);
      return storage.list(prefix, options);
    },
    get(key, options) {
      asked.push(key);
      return storage.get(key, options);
    },
  };
  await backUp(testSite({ storage: watched, clock: later }), 1, unreadable(entries));
  await backUp(testSite({ storage: watched, clock: later }), 2, unreadable(entries));
  expect(asked.filter((key) => key.startsWith("index/") || key === "packs/")).toEqual([]);
  expect((await contents(testSite({ storage }), 2)).size).toBe(entries.length);
});

test("packs that a list lay in may be gone: the index tells where it lies now", async () => {
  const entries = await tree(await folder(), 300);
  const storage = memoryStorage();
  await backUp(testSite({ storage, clock: later }), 0, entries);
  const before = await keysOf(storage, "packs/");
  const repacked = memoryStorage(); // the same site, its packs under other names
  for (const key of await keysOf(storage, "")) {
    if (key.startsWith("index/")) continue;
    const [folderName, , id] = key.split("/");
    const moved = folderName === "packs" ? packKey(`ff${id?.slice(2)}`) : key;
    await repacked.put(moved, await read(storage.get(key)));
  }
  await testSite({ storage: repacked }).repository.repair?.({});
  expect((await keysOf(repacked, "packs/")).some((key) => before.includes(key))).toBe(false);
  const { problems, onProblem } = watching();
  await backUp(testSite({ storage: repacked, clock: later }), 1, unreadable(entries), { onProblem });
  expect(problems).toEqual([]);
});
