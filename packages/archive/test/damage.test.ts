import { randomBytes } from "node:crypto";
import type { Storage, VerifyProblem } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, it } from "vitest";
import { archive } from "../src/index.ts";
import { all, backUp, bytesOf, file, ID, semiRandom, site } from "./support.ts";

const KEY = `backups/${ID}/data.tar.zst`;

async function small(sealed: boolean) {
  const storage = memoryStorage();
  const entries = [
    file("a", semiRandom(3000)),
    file("b", Buffer.from("b")),
    { path: "c", type: "directory", mode: 0o755, mtimeMs: 0 } as const,
  ];
  const written = await backUp(archive(), site({ storage, sealed, threads: 0 }), entries);
  const key = sealed ? `${KEY}.sealed` : KEY;
  return { ...written, storage, key, bytes: await bytesOf(storage.get(key)) };
}

async function problemsOf(written: Awaited<ReturnType<typeof small>>): Promise<VerifyProblem[]> {
  const problems: VerifyProblem[] = [];
  await written.repository.verify(ID, "content", { onProblem: (problem) => problems.push(problem) });
  return problems;
}

/** Numbers from a seed, the same in every run (the minimal standard generator). */
function* numbers(seed: number): Generator<number> {
  for (let x = seed; ; x = (x * 48_271) % 2_147_483_647) yield x;
}

describe.each([{ sealed: true }, { sealed: false }])("A damaged part (sealed: $sealed)", ({ sealed }) => {
  it("is found wherever a single byte differs or the end is missing", async () => {
    const written = await small(sealed);
    expect(await problemsOf(written)).toEqual([]);
    const random = numbers(20_261_120);
    const next = (below: number) => (random.next().value as number) % below;
    for (let round = 0; round < 300; round++) {
      const damaged = Buffer.from(written.bytes);
      const at = next(damaged.length);
      const cut = round % 10 === 0;
      if (!cut) damaged[at] = (damaged[at] ?? 0) ^ (1 + next(255));
      await written.storage.put(written.key, cut ? damaged.subarray(0, at) : damaged);
      const problems = await problemsOf(written);
      expect(problems.length, `round ${round}, byte ${at} of ${damaged.length}`).toBeGreaterThan(0);
      const codes = new Set(problems.map(({ code }) => code));
      // Without tags, a changed digit can make a part seem another backup's, or of a later version; its checksum tells.
      if (sealed) expect(codes).toEqual(new Set(["CORRUPT"]));
      else expect(codes).toContain("CORRUPT");
    }
  });

  it("is told apart from a missing one", async () => {
    const written = await small(sealed);
    await written.storage.delete([written.key]);
    expect(new Set((await problemsOf(written)).map(({ code }) => code))).toEqual(new Set(["NOT_FOUND"]));
  });
});

describe("A part of another site", () => {
  it("is a matter of the key, not of damage", async () => {
    const entries = [file("a", Buffer.alloc(3000, "same in both"))];
    const [ours, theirs] = [site({ threads: 0 }), site({ threads: 0 })];
    const { repository } = await backUp(archive(), ours, entries);
    await backUp(archive(), theirs, entries);
    const key = `${KEY}.sealed`;
    await ours.storage.put(key, await bytesOf(theirs.storage.get(key)));
    const problems: VerifyProblem[] = [];
    await repository.verify(ID, "content", { onProblem: (problem) => problems.push(problem) });
    expect(problems).toMatchObject([{ code: "WRONG_KEY", source: "data" }]);
    await expect(all(repository.entries(ID, "data"))).rejects.toMatchObject({ code: "WRONG_KEY" });
  });
});

it("A request that breaks off damages what it was to bring, and nothing after it", async () => {
  const storage = memoryStorage();
  const entries = Array.from({ length: 12 }, (_, n) => file(`noise-${n}`, randomBytes(1024 * 1024)));
  const { site: context } = await backUp(archive(), site({ storage, threads: 0 }), entries);
  let cut = false;
  const get: Storage["get"] = async function* (key, options = {}) {
    let bytes = 0;
    for await (const piece of storage.get(key, options)) {
      bytes += piece.length;
      if (!cut && bytes > 6 * 1024 * 1024) {
        cut = true;
        return;
      }
      yield piece;
    }
  };
  const repository = archive().open({ ...context, storage: { ...storage, get } });
  const problems: VerifyProblem[] = [];
  await repository.verify(ID, "content", { onProblem: (problem) => problems.push(problem) });
  expect(cut).toBe(true);
  expect(problems.length).toBeGreaterThan(0);
  expect(new Set(problems.map(({ path }) => path)).size).toBeLessThanOrEqual(2); // those of one segment
});
